import type { Parameters } from '../database.ts';

/** A last word that may not be typed to its end: no operator, outside quotes. */
const UNFINISHED = /^(?<head>[^"]*\s)?(?<word>[\p{L}\p{N}]+)$/u;
/** Each would be a negation within the other, of which the parser takes 32. */
const REPEATED_NOT = /-(?:[^\p{L}\p{N}"]*-)+/gu;

/**
 * The SQL of a tsquery for what somebody typed: web search syntax (`"a phrase"`, `or`, `-not`), and
 * the last word also as the beginning of one. PostgreSQL's parser takes any such text.
 */
export function wordsQuery(typed: string, parameters: Parameters): string {
  const text = typed.replace(REPEATED_NOT, '-');
  const whole = `websearch_to_tsquery('english', ${parameters.add(text)})`;
  const match = UNFINISHED.exec(text)?.groups;
  if (!match) return whole;
  const head = `websearch_to_tsquery('english', ${parameters.add(match['head'] ?? '')})`;
  // Letters and digits only: nothing to_tsquery could take for syntax.
  const prefix = `to_tsquery('simple', ${parameters.add(`${match['word']}:*`)})`;
  return `(${whole} || (${head} && ${prefix}))`;
}
