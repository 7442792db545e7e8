import { signal } from '@preact/signals';
import { latest } from '../core/live.ts';
import { attempt, notify } from '../ui/notices.tsx';
import { refreshFaults } from './fault-list.ts';
import { type Lesson, lessons } from './lessons.ts';

const SHORT = 4;
/** The lesson that is being arranged; one at a time. */
const starting = signal<string | undefined>(undefined);

/** Well-known ways to fail, at a click. */
export function Templates({ isShort = false }: { isShort?: boolean }) {
  const known = new Set(latest.value?.nodes.map(({ name }) => name));
  const possible = lessons.filter(({ needs }) => needs.every((name) => known.has(name)));
  if (possible.length === 0)
    return <p class="muted">Nothing that the lessons need is there yet.</p>;
  return (
    <ul class={isShort ? 'lessons short' : 'lessons'}>
      {possible.slice(0, isShort ? SHORT : undefined).map((lesson) => (
        <li key={lesson.id}>
          <div>
            <p class="lesson-name">{lesson.name}</p>
            <p>{lesson.what}</p>
            {!isShort && (
              <p class="lesson-see">
                <strong>You should see:</strong> {lesson.see}
              </p>
            )}
          </div>
          <button
            type="button"
            class="button small danger"
            disabled={starting.value !== undefined}
            aria-label={`Start: ${lesson.name}`}
            onClick={() => void start(lesson)}
          >
            {starting.value === lesson.id ? 'Starting …' : 'Start'}
          </button>
        </li>
      ))}
    </ul>
  );
}

async function start({ id, name, start: arrange, see }: Lesson): Promise<void> {
  starting.value = id;
  const isDone = await attempt(name, arrange);
  starting.value = undefined;
  if (isDone) notify('good', `${name} is on. ${see}`);
  await refreshFaults();
}
