import { signal } from '@preact/signals';

type Notice = { readonly id: number; readonly kind: 'good' | 'bad'; readonly text: string };

const SHOWN_MS = 6_000;
const SHOWN_MAX = 4;
const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Says what became of something that was asked for; readers of screens hear it. */
export function notify(kind: Notice['kind'], text: string): void {
  const id = ++lastId;
  notices.value = [...notices.value.slice(1 - SHOWN_MAX), { id, kind, text }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Does something and says so when it failed; answers whether it did not. */
export async function attempt(what: string, act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    notify('bad', `${what}: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text }) => (
        <p key={id} class={`notice ${kind}`}>
          {text}
          <button type="button" class="icon-button" onClick={() => dismiss(id)}>
            <span aria-hidden="true">×</span>
            <span class="visually-hidden">Dismiss</span>
          </button>
        </p>
      ))}
    </div>
  );
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
