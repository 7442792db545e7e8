/** Thrown for text that is not JSON, or is JSON that two parsers could read differently. */
export class StrictJsonError extends Error {
  override name = 'StrictJsonError';
}

const MAX_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const TOKEN = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/gsu;

/**
 * Parses JSON as RFC 8259 allows and then some stricter (I-JSON, RFC 7493): refuses duplicate
 * keys, keys that reach a prototype, numbers that a double cannot hold or that lose digits,
 * negative zero, lone surrogates, NUL, a byte order mark and nesting deeper than 32.
 * @throws StrictJsonError saying what was found.
 */
export function parseStrictJson(text: string): unknown {
  if (text.charCodeAt(0) === 0xfeff) throw new StrictJsonError('a byte order mark is not allowed');
  if (!text.isWellFormed()) throw new StrictJsonError('the text is not well-formed Unicode');
  checkTokens(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StrictJsonError('the text is not JSON', { cause: error });
  }
}

function checkTokens(text: string): void {
  const open: { keys: Set<string> | undefined; expectsKey: boolean }[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const top = open.at(-1);
    if (token === '{' || token === '[') {
      if (open.length >= MAX_DEPTH) throw new StrictJsonError(`nested deeper than ${MAX_DEPTH}`);
      open.push({ keys: token === '{' ? new Set() : undefined, expectsKey: token === '{' });
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',') {
      if (top) top.expectsKey = top.keys !== undefined;
    } else if (token.startsWith('"')) {
      const value = decodeString(token);
      if (top?.keys && top.expectsKey) checkKey(top.keys, value);
      if (top) top.expectsKey = false;
    } else if (token !== ':') {
      checkNumber(token);
    }
  }
}

function decodeString(token: string): string {
  let value: unknown;
  try {
    value = JSON.parse(token);
  } catch (error) {
    throw new StrictJsonError('the text is not JSON', { cause: error });
  }
  if (typeof value !== 'string') throw new StrictJsonError('the text is not JSON');
  if (!value.isWellFormed()) throw new StrictJsonError('a string holds a lone surrogate');
  if (value.includes('\u0000')) throw new StrictJsonError('a string holds NUL');
  return value;
}

function checkKey(keys: Set<string>, key: string): void {
  if (FORBIDDEN_KEYS.has(key)) throw new StrictJsonError(`the key '${key}' is not allowed`);
  if (keys.has(key)) throw new StrictJsonError(`the key '${key.slice(0, 64)}' occurs twice`);
  keys.add(key);
}

function checkNumber(token: string): void {
  if (token === 'true' || token === 'false' || token === 'null') return;
  const value = Number(token);
  const safe = Number.isFinite(value) && !Object.is(value, -0);
  if (!safe || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new StrictJsonError(`the number ${token.slice(0, 32)} cannot be represented exactly`);
  }
}
