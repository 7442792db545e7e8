import { LineCounter, parseAllDocuments } from 'yaml';
import type { Source } from './place.ts';
import type { Problem } from './problem.ts';

/** A file with its text; `file` is how problems name it. */
export type TextFile = { file: string; text: string };

/** The documents of YAML files, and what is wrong with their syntax; broken ones are left out. */
export function readDocuments(files: readonly TextFile[]): {
  sources: Source[];
  problems: Problem[];
} {
  const sources = files.flatMap(parseFile);
  return {
    sources: sources.filter(({ document }) => document.errors.length === 0),
    problems: sources.flatMap(syntaxProblems),
  };
}

function parseFile({ file, text }: TextFile): Source[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  if (!Array.isArray(documents)) return [];
  return documents
    .filter((document) => document.contents !== null || document.errors.length > 0)
    .map((document) => ({ file, document, lines }));
}

function syntaxProblems({ file, document, lines }: Source): Problem[] {
  return document.errors.map(({ message, pos }) => {
    const { line, col: column } = lines.linePos(pos[0]);
    const [reason = message] = message.split(' at line ', 1);
    return { file, line, column, path: '', message: reason };
  });
}
