/* What the inputs of buttons say: Tilt hands them over as environment variables. */
type Env = Readonly<Record<string, string | undefined>>;

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000 };

/** Per cent of the requests. */
export function share(env: Env = process.env): number {
  return whole(env, { name: 'SHARE', fallback: '50', max: 100 });
}

/** Requests a second. */
export function rate(env: Env = process.env): number {
  return whole(env, { name: 'RPS', fallback: '20', max: 10_000 });
}

/** How long a fault stays, in milliseconds. */
export function lease(env: Env = process.env): number {
  return duration(env['LEASE'] || '60s', 'LEASE');
}

/** How long load goes on, as `faultline load` takes it. */
export function loadDuration(env: Env = process.env): string {
  const text = env['DURATION'] || '10m';
  duration(text, 'DURATION');
  return text;
}

function duration(text: string, name: string): number {
  const [, amount, unit = ''] = /^(\d{1,3})([sm])$/.exec(text) ?? [];
  const ms = Number(amount) * (unitsMs[unit] ?? 0);
  if (ms > 0) return ms;
  throw new Error(`${name}: expected a duration such as 60s or 10m, not '${text}'`);
}

function whole(
  env: Env,
  { name, fallback, max }: { name: string; fallback: string; max: number },
): number {
  const text = env[name] || fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new Error(`${name}: expected a whole number from 1 to ${max}, not '${text}'`);
}
