import type { Component } from './finding.ts';
import type { Origin } from './model.ts';
import type { Ratio } from './tally.ts';

/** One hop as it went since the onset. */
export type Cell = Ratio & {
  readonly caller?: string;
  readonly instance?: string;
  readonly version?: string;
};

export type Hypothesis = { readonly origin: Origin; readonly support: number };

/** What speaks for or against an explanation besides the counts; natural logarithms. */
export type Priors = {
  readonly edge: (caller: string) => number;
  readonly instance: (instance: string) => number;
  readonly version: (version: string) => number;
};

/**
 * Which part of a component is broken: all of it, one instance, one version, or the way from one
 * caller. Each explanation says which hops must be bad; the counts say how well that fits.
 */
export function rank(
  component: Component,
  { cells, usual, priors }: { cells: readonly Cell[]; usual: number; priors: Priors },
): Hypothesis[] {
  const { name } = component;
  const all: Hypothesis[] = [
    { origin: wholeOf(component), support: fit(cells, () => true, usual) },
  ];
  for (const caller of distinct(cells.map((cell) => cell.caller))) {
    const support = fit(cells, (cell) => cell.caller === caller, usual) + priors.edge(caller);
    all.push({
      origin: { kind: 'edge', service: name, edge: { from: caller, to: name } },
      support,
    });
  }
  if (component.kind === 'service') {
    for (const instance of distinct(cells.map((cell) => cell.instance))) {
      const known = cells.find((cell) => cell.instance === instance);
      const version = known?.version === undefined ? {} : { version: known.version };
      const support = fit(cells, (cell) => cell.instance === instance, usual);
      all.push({
        origin: { kind: 'instance', service: name, ...version, instance },
        support: support + priors.instance(instance),
      });
    }
    for (const version of distinct(cells.map((cell) => cell.version))) {
      const support = fit(cells, (cell) => cell.version === version, usual);
      all.push({
        origin: { kind: 'version', service: name, version },
        support: support + priors.version(version),
      });
    }
  }
  return all.toSorted((a, b) => b.support - a.support);
}

function wholeOf({ kind, name }: Component): Origin {
  return { kind, service: name };
}

/** Log-likelihood of the counts when the cells that `isIn` are broken and the others are no worse than usual. */
function fit(cells: readonly Cell[], isIn: (cell: Cell) => boolean, usual: number): number {
  const inside = { bad: 0, total: 0 };
  const outside = { bad: 0, total: 0 };
  for (const cell of cells) {
    const side = isIn(cell) ? inside : outside;
    side.bad += cell.bad;
    side.total += Math.max(cell.total, cell.bad);
  }
  return likelihood(inside, 1) + likelihood(outside, usual * 2);
}

function likelihood({ bad, total }: Ratio, most: number): number {
  const share = Math.min(most, (bad + 0.5) / (total + 1));
  return bad * Math.log(share) + (total - bad) * Math.log(1 - share);
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
