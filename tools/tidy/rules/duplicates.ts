import { isExportDeclaration, isImportDeclaration } from 'typescript/unstable/ast';
import { endLineOf, lineOf } from '../parse.ts';
import { countLines, productUnits, type Unit } from '../project.ts';
import { round, type Rule } from '../rule.ts';

/** Lines that say something, as many in a row as make a duplicate. */
const runLength = 6;
const perKlocMax = 1;

type Line = { text: string; line: number };
type Place = { path: string; lines: Line[]; at: number };
type Pair = { a: Place; b: Place; length: number };

export const duplicates: Rule = {
  name: 'duplicate runs of 6+ lines per 1,000 lines',
  target: '< 1, 0 across services',
  check(project) {
    const units = productUnits(project);
    const pairs = findPairs(units);
    const perKloc = round((pairs.length * 1000) / Math.max(1, countLines(units)));
    const across = pairs.filter(({ a, b }) => isAcrossServices(a.path, b.path));
    const shown = perKloc < perKlocMax ? across : pairs;
    return {
      measured: `${perKloc} (${pairs.length}), ${across.length} across services`,
      violations: shown.map(({ a, b, length }) => ({
        path: a.path,
        line: lineAt(a),
        message: `${length} lines are the same as at ${b.path}:${lineAt(b)}`,
      })),
    };
  },
};

function findPairs(units: Unit[]): Pair[] {
  const places = new Map<string, Place[]>();
  for (const unit of units) {
    const lines = meaningfulLines(unit);
    for (let at = 0; at + runLength <= lines.length; at++) {
      const key = lines
        .slice(at, at + runLength)
        .map(({ text }) => text)
        .join('\n');
      const same = places.get(key) ?? [];
      same.push({ path: unit.path, lines, at });
      places.set(key, same);
    }
  }
  return [...places.values()].flatMap(pairsOf).map(([a, b]) => ({ a, b, length: lengthOf(a, b) }));
}

/** Pairs that start here: a pair whose lines before are the same too was counted there. */
function pairsOf(same: Place[]): [Place, Place][] {
  return same.flatMap((a, index) =>
    same
      .slice(index + 1)
      .filter((b) => a.lines[a.at - 1]?.text !== b.lines[b.at - 1]?.text || a.at === 0)
      .filter((b) => a.path !== b.path || b.at - a.at >= runLength)
      .map((b): [Place, Place] => [a, b]),
  );
}

function lengthOf(a: Place, b: Place): number {
  let length = runLength;
  for (;;) {
    const text = a.lines[a.at + length]?.text;
    if (text === undefined || text !== b.lines[b.at + length]?.text) return length;
    length++;
  }
}

/** Imports, comments and lone brackets left out: they repeat in every file and mean nothing. */
function meaningfulLines(unit: Unit): Line[] {
  const skipped = new Set<number>();
  for (const node of unit.ast.statements) {
    const isImport = isImportDeclaration(node) || isExportDeclaration(node);
    const last = isImport ? endLineOf(unit.ast, node) : 0;
    for (let line = lineOf(unit.ast, node); line <= last; line++) skipped.add(line);
  }
  return unit.lines
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(
      ({ text, line }) => !skipped.has(line) && /\w/.test(text) && !/^(\/\/|\/?\*)/.test(text),
    );
}

function isAcrossServices(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => /^services\/([^/]+)/.exec(path)?.[1]);
  return one !== undefined && other !== undefined && one !== other;
}

function lineAt({ lines, at }: Place): number {
  return lines[at]?.line ?? 0;
}
