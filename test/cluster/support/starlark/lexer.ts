/** A token of Starlark; blocks are told by `indent` and `dedent`. */
export type Token = {
  kind:
    | 'name'
    | 'keyword'
    | 'number'
    | 'text'
    | 'operator'
    | 'newline'
    | 'indent'
    | 'dedent'
    | 'end';
  text: string;
  line: number;
};

const keywords = new Set(
  'and break continue def elif else for if in lambda load not or pass return'.split(' '),
);
const token =
  /[ \t]+|#[^\n]*|(?<name>[A-Za-z_]\w*)|(?<number>\d+)|(?<text>"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<operator>\/\/|\*\*|[-+*/%]=|[=!<>]=|[-+*/%=<>()[\]{}.,:|])/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Splits a file into tokens. Throws with file and line at what is none. */
export function tokenize(source: string, file: string): Token[] {
  const tokens: Token[] = [];
  const depths = [0];
  let brackets = 0;
  let line = 1;
  let at = 0;
  let isLineStart = true;
  const push = (kind: Token['kind'], text: string) => tokens.push({ kind, text, line });
  while (at < source.length) {
    if (isLineStart && brackets === 0) {
      const [space = ''] = /^[ ]*/.exec(source.slice(at)) ?? [];
      const next = source[at + space.length];
      if (next !== '\n' && next !== '#' && next !== undefined) {
        if (next === '\t') throw new Error(`${file}:${line}: expected spaces, not tabs`);
        if (space.length > (depths.at(-1) ?? 0)) {
          depths.push(space.length);
          push('indent', '');
        }
        while (space.length < (depths.at(-1) ?? 0)) {
          depths.pop();
          push('dedent', '');
        }
        if (space.length !== depths.at(-1)) throw new Error(`${file}:${line}: bad indentation`);
      }
      at += space.length;
    }
    isLineStart = false;
    if (source[at] === '\n') {
      if (
        brackets === 0 &&
        !['newline', 'indent', 'dedent'].includes(tokens.at(-1)?.kind ?? 'newline')
      ) {
        push('newline', '');
      }
      isLineStart = true;
      line += 1;
      at += 1;
      continue;
    }
    token.lastIndex = at;
    const found = token.exec(source);
    if (found === null) {
      if (at >= source.length) break;
      throw new Error(`${file}:${line}: unexpected ${JSON.stringify(source[at])}`);
    }
    const { name, number, text, operator } = found.groups ?? {};
    if (name !== undefined) push(keywords.has(name) ? 'keyword' : 'name', name);
    if (number !== undefined) push('number', number);
    if (text !== undefined) push('text', unquote(text));
    if (operator !== undefined) {
      push('operator', operator);
      if ('([{'.includes(operator)) brackets += 1;
      if (')]}'.includes(operator)) brackets -= 1;
    }
    line += found[0].split('\n').length - 1;
    at += found[0].length;
  }
  if (tokens.at(-1)?.kind !== 'newline') push('newline', '');
  for (const depth of depths) if (depth > 0) push('dedent', '');
  push('end', '');
  return tokens;
}

function unquote(text: string): string {
  const width = /^("""|''')/.test(text) ? 3 : 1;
  return text
    .slice(width, -width)
    .replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character);
}
