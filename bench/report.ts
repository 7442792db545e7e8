import { formatTable } from '../local/src/ui/table.ts';
import type { MemoryKind } from './processes.ts';

/** What a part of the system is, for the sum that the budget is about. */
export type Group = 'engine' | 'service' | 'store' | 'mesh' | 'prometheus';

/** A component's memory in megabytes (2^20 bytes), all its processes together. */
export type Component = { name: string; group: Group; processes: number; mb: number };

/** One start: times since the command was given. */
export type Start = {
  readyMs: number;
  firstPageMs: number;
  /** When the last picture of the seed was there; null when that took too long. */
  picturesMs: number | null;
  components: readonly Component[];
};

export type Budget = { firstPageMs: number; memoryMb: number };

export type Report = {
  runs: number;
  memory: MemoryKind;
  /** On an empty data directory, and again on the same. */
  cold: Measured;
  warm: Measured;
  budget: Budget & { kept: boolean };
};

type Measured = Start & { totalMb: number };

const uncounted: readonly Group[] = ['prometheus'];

/** The medians of several runs, and whether they are within the budget. */
export function summarise(
  runs: readonly { cold: Start; warm: Start }[],
  { memory, budget }: { memory: MemoryKind; budget: Budget },
): Report {
  const cold = medianStart(runs.map((run) => run.cold));
  const warm = medianStart(runs.map((run) => run.warm));
  const kept = [cold, warm].every(
    ({ firstPageMs, totalMb }) => firstPageMs <= budget.firstPageMs && totalMb <= budget.memoryMb,
  );
  return { runs: runs.length, memory, cold, warm, budget: { ...budget, kept } };
}

function medianStart(starts: readonly Start[]): Measured {
  const of = (value: (start: Start) => number) => median(starts.map(value));
  const names = starts[0]?.components ?? [];
  const components = names.map(({ name, group }) => {
    const found = (start: Start) => start.components.find((one) => one.name === name);
    return {
      name,
      group,
      processes: of((start) => found(start)?.processes ?? 0),
      mb: of((start) => found(start)?.mb ?? 0),
    };
  });
  const pictures = starts.flatMap(({ picturesMs }) => picturesMs ?? []);
  return {
    readyMs: of(({ readyMs }) => readyMs),
    firstPageMs: of(({ firstPageMs }) => firstPageMs),
    picturesMs: pictures.length < starts.length ? null : median(pictures),
    components,
    totalMb: of((start) => sum(start.components.filter(({ group }) => !uncounted.includes(group)))),
  };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(sorted.length / 2) - 1);
  return sorted.length % 2 === 1 ? low : (low + high) / 2;
}

/** The report as people read it. */
export function formatReport({ runs, memory, cold, warm, budget }: Report): string {
  const both = (name: string, text: (start: Measured) => string) => [name, text(cold), text(warm)];
  const seconds = (ms: number | null) => (ms === null ? 'too long' : `${(ms / 1000).toFixed(1)} s`);
  const megabytes = (mb: number) => `${mb.toFixed(0)} MB`;
  const component = ({ name, processes }: Component) =>
    both(processes > 1 ? `${name} (${processes})` : name, (start) =>
      megabytes(start.components.find((one) => one.name === name)?.mb ?? 0),
    );
  const rows = [
    [`${runs} ${runs === 1 ? 'run' : 'runs, medians'}`, 'COLD', 'WARM'],
    both('ready', ({ readyMs }) => seconds(readyMs)),
    both('first page', ({ firstPageMs }) => seconds(firstPageMs)),
    both('pictures', ({ picturesMs }) => seconds(picturesMs)),
    [`${memory.toUpperCase()} (processes)`, '', ''],
    ...cold.components.toSorted((a, b) => b.mb - a.mb).map(component),
    both(`total without ${uncounted.join(' and ')}`, ({ totalMb }) => megabytes(totalMb)),
  ];
  const limits = `${seconds(budget.firstPageMs)} to the first page, ${megabytes(budget.memoryMb)}`;
  const note = memory === 'rss' ? 'RSS counts shared pages once for each process.\n' : '';
  return `${formatTable(rows)}${note}Budget (${limits}): ${budget.kept ? 'kept' : 'broken'}\n`;
}

function sum(components: readonly Component[]): number {
  return components.reduce((total, { mb }) => total + mb, 0);
}
