import { CallError } from '../core/api.ts';
import { Link } from '../core/link.tsx';
import { address } from '../core/url.ts';

/** Why a trace cannot be shown, and what to do about it. */
export function TraceProblem({ error, again }: { error: Error; again: () => void }) {
  const isGone = error instanceof CallError && error.status === 404;
  return (
    <div class="problem" role="alert">
      <p>
        {isGone
          ? 'The store has no such trace: it may have made room for newer ones, or not have arrived yet.'
          : `The trace could not be read: ${error.message}.`}
      </p>
      <p class="trace-actions">
        <button type="button" class="button small" onClick={again}>
          Try again
        </button>
        <Link class="button small" href={address('/traces')}>
          Search for traces
        </Link>
      </p>
    </div>
  );
}
