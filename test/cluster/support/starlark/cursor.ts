import { type Token, tokenize } from './lexer.ts';

/** Goes through the tokens of a file. */
export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #file: string;
  #at = 0;

  constructor(source: string, file: string) {
    this.#tokens = tokenize(source, file);
    this.#file = file;
  }

  get token(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error(`${this.#file}: ends too early`);
    return token;
  }

  next(): Token {
    const { token } = this;
    this.#at += 1;
    return token;
  }

  /** Whether the next token is one of these texts; words in quotes never are. */
  is(...texts: string[]): boolean {
    return ['operator', 'keyword'].includes(this.token.kind) && texts.includes(this.token.text);
  }

  isKind(kind: Token['kind']): boolean {
    return this.token.kind === kind;
  }

  take(text: string): boolean {
    const isIt = this.is(text);
    if (isIt) this.#at += 1;
    return isIt;
  }

  takeKind(kind: Token['kind']): boolean {
    const isIt = this.isKind(kind);
    if (isIt) this.#at += 1;
    return isIt;
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail(`expected '${text}'`);
  }

  expectKind(kind: Token['kind']): string {
    if (!this.isKind(kind)) this.fail(`expected a ${kind}`);
    return this.next().text;
  }

  /** Whether the token after the next one is this operator. */
  isFollowedBy(text: string): boolean {
    const after = this.#tokens[this.#at + 1];
    return after?.kind === 'operator' && after.text === text;
  }

  fail(message: string): never {
    const { line, text, kind } = this.token;
    throw new Error(`${this.#file}:${line}: ${message}, not ${text || kind}`);
  }
}
