import type { Document, LineCounter } from 'yaml';
import { isMap, isNode, isScalar } from 'yaml';
import type { Position, Problem } from './problem.ts';

export type Path = readonly (string | number)[];

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
