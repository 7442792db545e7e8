import type { Fault, FaultSpec } from '../core/engine.ts';

/** A field of a fault's form: some kinds have more than others. */
export type Field = 'delay' | 'status' | 'rate' | 'after' | 'share';

type Kind = {
  readonly name: string;
  /** What one who calls will meet. */
  readonly effect: string;
  readonly fields: readonly Field[];
};

/** What can be broken, in the order of how often one wants it. */
export const faultKinds: Readonly<Record<string, Kind>> = {
  error: { name: 'Errors', effect: 'answers with an error status', fields: ['status', 'share'] },
  delay: { name: 'Delay', effect: 'answers late', fields: ['delay', 'share'] },
  blackhole: { name: 'Black hole', effect: 'never answers', fields: ['share'] },
  reset: { name: 'Reset', effect: 'breaks the connection', fields: ['share'] },
  kill: { name: 'Kill', effect: 'dies, again and again', fields: [] },
  bandwidth: { name: 'Thin line', effect: 'lets few bytes through', fields: ['rate', 'share'] },
  'slow-close': { name: 'Slow close', effect: 'keeps the connection', fields: ['delay', 'share'] },
  truncate: {
    name: 'Cut off',
    effect: 'ends in the middle of the answer',
    fields: ['after', 'share'],
  },
};

export const fieldDefaults: Readonly<Record<Field, string>> = {
  delay: '2s',
  status: '503',
  rate: '10000',
  after: '64',
  share: '100',
};

/** What the engine is asked for; fields that do not belong to the kind are left out. */
export function specOf(values: {
  kind: string;
  target: string;
  lease: string;
  fields: Readonly<Record<Field, string>>;
}): FaultSpec {
  const { kind, target, lease, fields } = values;
  const own = faultKinds[kind]?.fields ?? [];
  const given = own.map((field): [string, string | number] => {
    const text = fields[field].trim();
    return [field, field !== 'delay' && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text];
  });
  return { kind, target, lease, ...Object.fromEntries(given) };
}

/** A fault in words: `answers late (2 s) for 50 %`. */
export function describeFault({ kind, share, effect, method, path }: Fault): string {
  const { delayMs, status } = effect;
  const detail =
    typeof delayMs === 'number'
      ? ` (${delayMs / 1_000} s)`
      : typeof status === 'number'
        ? ` (${status})`
        : '';
  const part = share < 100 ? ` for ${share} %` : '';
  const only = [method, path].filter(Boolean).join(' ');
  return `${faultKinds[kind]?.effect ?? kind}${detail}${part}${only === '' ? '' : `, ${only} only`}`;
}
