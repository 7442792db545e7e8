import { type Component, keyOf } from './finding.ts';
import { Tally } from './tally.ts';

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
  usedMs: number;
};

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
      row = { ...of, hard: new Tally(), soft: new Tally(), nobody: new Tally(), usedMs: nowMs };
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
