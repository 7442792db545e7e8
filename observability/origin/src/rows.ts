import { type Component, keyOf } from './finding.ts';
import { type Ratio, Tally } from './tally.ts';

/**
 * From where a row was seen. `route`, `endpoint`, `inbound` and `tcp` are counts of sidecars; `calls`
 * and `serves` are spans, by caller and by callee, of which only those that went wrong first are bad.
 */
export type Family = 'route' | 'endpoint' | 'inbound' | 'tcp' | 'calls' | 'serves';

/** Failures (`hard`) and slow or stuck calls (`soft`) of one hop into a component. */
export type Row = {
  readonly family: Family;
  readonly component: Component;
  readonly caller?: string;
  readonly instance?: string;
  readonly version?: string;
  readonly hard: Tally;
  readonly soft: Tally;
  /** Failures for want of anybody to ask. */
  readonly nobody: Tally;
  /** How it went when nothing was broken, fading. */
  readonly past: { readonly hard: Past; readonly soft: Past };
  usedMs: number;
};

type Past = { bad: number; total: number };

const PAST_MAX = 1_500;
/** So many calls say as much as what is known of hops in general. */
const PRIOR_CALLS = 60;
const ROWS_MAX = 8_000;
const IDLE_MS = 300_000;

/** All hops of the system by the component they lead to. */
export class Rows {
  readonly #rows = new Map<string, Row>();
  readonly #byComponent = new Map<string, Row[]>();
  readonly #byCaller = new Map<string, Row[]>();

  row(of: Pick<Row, 'family' | 'component' | 'caller' | 'instance' | 'version'>, nowMs: number) {
    const { family, component, caller = '', instance = '' } = of;
    const key = `${family}|${component.kind}:${component.name}|${caller}|${instance}`;
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= ROWS_MAX) this.#makeRoom(nowMs);
      row = {
        ...of,
        hard: new Tally(),
        soft: new Tally(),
        nobody: new Tally(),
        past: { hard: { bad: 0, total: 0 }, soft: { bad: 0, total: 0 } },
        usedMs: nowMs,
      };
      this.#rows.set(key, row);
      push(this.#byComponent, keyOf(component), row);
      if (caller !== '') push(this.#byCaller, caller, row);
    }
    row.usedMs = nowMs;
    return row;
  }

  into(component: Component): readonly Row[] {
    return this.#byComponent.get(keyOf(component)) ?? [];
  }

  from(caller: string): readonly Row[] {
    return this.#byCaller.get(caller) ?? [];
  }

  components(): Component[] {
    return [...this.#byComponent.values()].flatMap(([row]) => row?.component ?? []);
  }

  /** Learns from one second that nothing was found wrong in, when all about it has come. */
  learn(atMs: number): void {
    for (const { hard, soft, past } of this.#rows.values()) {
      remember(past.hard, hard.sum(atMs, atMs));
      remember(past.soft, soft.sum(atMs, atMs));
    }
  }

  /** Names that somebody makes up are used once: what was used longest ago goes, a quarter at a time. */
  #makeRoom(nowMs: number): void {
    this.forget(nowMs - IDLE_MS);
    if (this.#rows.size < ROWS_MAX) return;
    const used = [...this.#rows.values()].map(({ usedMs }) => usedMs).toSorted((a, b) => a - b);
    this.forget((used[Math.floor(used.length / 4)] ?? nowMs) + 1);
  }

  forget(beforeMs: number): void {
    for (const [key, row] of this.#rows) {
      if (row.usedMs >= beforeMs) continue;
      this.#rows.delete(key);
      drop(this.#byComponent, keyOf(row.component), row);
      if (row.caller !== undefined) drop(this.#byCaller, row.caller, row);
    }
  }
}

/**
 * What share of calls over some rows usually goes wrong: what hops in general do, until these have
 * shown what they do.
 */
export function usualShare(
  rows: readonly Row[],
  { severity, general }: { severity: 'hard' | 'soft'; general: number },
): number {
  const bad = rows.reduce((sum, { past }) => sum + past[severity].bad, 0);
  const total = rows.reduce((sum, { past }) => sum + past[severity].total, 0);
  return (bad + general * PRIOR_CALLS) / (total + PRIOR_CALLS);
}

function remember(past: Past, { bad, total }: Ratio): void {
  if (total <= 0 && bad <= 0) return;
  past.bad += bad;
  past.total += Math.max(total, bad);
  if (past.total < PAST_MAX) return;
  past.bad /= 2;
  past.total /= 2;
}

function push(map: Map<string, Row[]>, key: string, row: Row): void {
  const rows = map.get(key);
  if (rows) rows.push(row);
  else map.set(key, [row]);
}

function drop(map: Map<string, Row[]>, key: string, row: Row): void {
  const left = (map.get(key) ?? []).filter((one) => one !== row);
  if (left.length > 0) map.set(key, left);
  else map.delete(key);
}
