import type { Document, LineCounter } from 'yaml';
import { isMap, isNode, isScalar } from 'yaml';

/** A place in a manifest. Lines and columns count from 1. */
export type Position = { file: string; line: number; column: number };

/** Why a manifest cannot be run, and where. */
export type Problem = Position & { path: string; message: string };

export type Path = readonly (string | number)[];

/** All that is wrong with the manifests, one line each. */
export class ManifestError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.name = 'ManifestError';
    this.problems = problems;
  }
}

function describeProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === ''
    ? `${where} ${problem.message}`
    : `${where} ${problem.path}: ${problem.message}`;
}

/** One YAML document with what is needed to say where in its file a field stands. */
export type Source = { file: string; document: Document.Parsed; lines: LineCounter };

/** The problem `message` at `path` in `source`. */
export function problemAt(source: Source, path: Path, message: string): Problem {
  return { ...positionOf(source, path), path: formatPath(path), message };
}

/** Where the field at `path` stands; for a field that is missing, where its parent stands. */
function positionOf(source: Source, path: Path): Position {
  const { line, col } = source.lines.linePos(offsetOf(source.document, path));
  return { file: source.file, line, column: col };
}

function offsetOf(document: Document.Parsed, path: Path): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const name = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === name);
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range[0] ?? 0;
}

function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
