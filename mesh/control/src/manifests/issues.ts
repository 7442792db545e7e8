import type { z } from 'zod';
import { problemAt, type Source } from './place.ts';
import type { Problem } from './problem.ts';

/** What a schema has to say about a document; `unsupported` is the reason for unknown fields. */
export function issueProblems(
  source: Source,
  issue: z.core.$ZodIssue,
  unsupported: string,
): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') return [problemAt(source, path, issue.message)];
  return issue.keys.map((key) => problemAt(source, [...path, key], unsupported));
}
