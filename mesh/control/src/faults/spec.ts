import { parseDuration } from '@faultline/mesh-core/duration';
import { z } from 'zod';
import { type FaultEffect, FaultSpecError, type FaultProblem } from './fault.ts';

const hourMs = 3_600_000;

function duration(maxMs: number, most: string) {
  return z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms <= maxMs) return ms;
    context.addIssue(
      `expected a duration such as 500ms or 2s, ${most} at most, not '${text.slice(0, 40)}'`,
    );
    return z.NEVER;
  });
}

const lease = duration(hourMs, '1h').refine((ms) => ms > 0, 'expected more than 0');
const pause = duration(600_000, '10m');

const kinds = [
  'delay',
  'error',
  'reset',
  'blackhole',
  'bandwidth',
  'slow-close',
  'truncate',
  'kill',
] as const;
type Kind = (typeof kinds)[number];

const spec = z.strictObject({
  kind: z.enum(kinds),
  target: z.string().min(1).max(300),
  /** Per cent of what matches. */
  share: z.number().gt(0).max(100).default(100),
  lease: lease.prefault('60s'),
  delay: pause.optional(),
  jitter: pause.optional(),
  status: z.int().min(400).max(599).optional(),
  /** Bytes a second. */
  rate: z.int().min(1).max(1_000_000_000).optional(),
  /** Bytes of the reply that come through. */
  after: z.int().min(0).max(1_000_000_000).optional(),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
    .optional(),
  /** What the path must start with; never a pattern. */
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/, 'expected a path that starts with /, without a query')
    .max(1_024)
    .optional(),
  direction: z.enum(['request', 'response']).optional(),
});

/** What `fault add` says, durations as `2s`. Only `kind` and `target` must be there. */
export type FaultSpec = z.input<typeof spec>;
export type ParsedSpec = z.output<typeof spec>;

type Option =
  | 'share'
  | 'delay'
  | 'jitter'
  | 'status'
  | 'rate'
  | 'after'
  | 'method'
  | 'path'
  | 'direction';

const always: readonly Option[] = ['share', 'method', 'path'];
const options: Readonly<Record<Kind, readonly Option[]>> = {
  delay: [...always, 'delay', 'jitter', 'direction'],
  error: [...always, 'status', 'direction'],
  reset: [...always, 'direction'],
  blackhole: [...always, 'direction'],
  bandwidth: [...always, 'rate', 'direction'],
  'slow-close': [...always, 'delay'],
  truncate: [...always, 'after'],
  kill: [],
};

/** Checks the fields by themselves. Throws a `FaultSpecError`. */
export function parseSpec(input: unknown): ParsedSpec {
  const parsed = spec.safeParse(input);
  if (!parsed.success) throw new FaultSpecError(parsed.error.issues.flatMap(toProblems));
  const { kind } = parsed.data;
  const given = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  const foreign = given.filter(
    (field) =>
      !['kind', 'target', 'lease'].includes(field) &&
      !options[kind].some((option) => option === field),
  );
  if (foreign.length > 0) {
    throw new FaultSpecError(
      foreign.map((field) => ({ pointer: `/${field}`, detail: `does not belong to a ${kind}` })),
    );
  }
  return parsed.data;
}

function toProblems(issue: z.core.$ZodIssue): FaultProblem[] {
  const pointer = issue.path.map((part) => `/${String(part)}`).join('');
  if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
  return issue.keys.map((key) => ({
    pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail: 'not a field of a fault',
  }));
}

/** What it does, with the default of what is not said. */
export function effectOf({ kind, delay, jitter, status, rate, after }: ParsedSpec): FaultEffect {
  switch (kind) {
    case 'delay':
      return { kind, delayMs: delay ?? 2_000, jitterMs: jitter ?? 0 };
    case 'error':
      return { kind, status: status ?? 503 };
    case 'bandwidth':
      return { kind, bytesPerSecond: rate ?? 10_000 };
    case 'slow-close':
      return { kind, delayMs: delay ?? 2_000 };
    case 'truncate':
      return { kind, afterBytes: after ?? 64 };
    case 'reset':
    case 'blackhole':
    case 'kill':
      return { kind };
  }
}

/** Replies are slowed, cut and closed on their way back, everything else happens on the way there. */
export function directionOf({ kind, direction }: ParsedSpec): 'request' | 'response' {
  if (direction) return direction;
  return ['bandwidth', 'slow-close', 'truncate'].includes(kind) ? 'response' : 'request';
}
