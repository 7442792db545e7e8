/** What came of one try: after how many milliseconds the right one was named. */
export type Row = {
  readonly name: string;
  readonly took: number | 'never' | 'nobody';
  readonly said: string;
};

/** As `1.3 s`; `nobody` is what is right where nothing is broken. */
export function tookText(took: Row['took']): string {
  if (typeof took === 'number') return `${(took / 1_000).toFixed(1)} s`;
  return took === 'never' ? 'NOT' : took;
}

/**
 * In Markdown, a line for each kind: the median of its tries (of two, the longer; never counts as longest) with the
 * shortest and the longest where there were several, and what was said at the median.
 */
export function tableOf(rows: readonly Row[]): string {
  const lines = [...Map.groupBy(rows, ({ name }) => name)].map(([name, tries]) => {
    const sorted = tries.toSorted((a, b) => rankOf(a) - rankOf(b));
    const median = sorted[Math.floor(sorted.length / 2)];
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (!median || !first || !last) return '';
    const range = ` (${tookText(first.took)} to ${tookText(last.took)} in ${tries.length} tries)`;
    return `| ${name} | ${tookText(median.took)}${tries.length > 1 ? range : ''} | ${median.said} |`;
  });
  return ['| kind | named after | what was said |', '| --- | --- | --- |', ...lines].join('\n');
}

function rankOf({ took }: Row): number {
  if (typeof took === 'number') return took;
  return took === 'nobody' ? 0 : Infinity;
}
