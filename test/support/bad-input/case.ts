import { expect } from 'chai';
import { problem } from '@faultline/contracts/common';
import { sendRaw } from '../../../services/gateway/test/raw-http.ts';
import type { Api, ApiRequest, Body, Reply } from '../api.ts';
import type { World } from './world.ts';

/** What came back. `status` 0: the connection was closed without a word. */
export type Answer = Pick<Reply, 'status' | 'headers' | 'body'>;

export type Send = (world: World) => Promise<Answer>;

/** One line of the table: what is sent, and what must come of it. */
export type Case = {
  /** In the bad-input matrix. */
  row: number;
  what: string;
  send: Send;
  /** Any of these. From 400 on the answer is problem details, or a page that says so. */
  status: number | readonly number[];
  isPage?: boolean;
  /** What must hold besides. */
  also?(answer: Answer, world: World): void | Promise<void>;
};

/** Sends a case and throws unless everything is as its line says. */
export async function check(one: Case, world: World): Promise<void> {
  const { send, status, also } = one;
  const answer = await send(world);
  const allowed = [status].flat();
  expect(allowed, `${answer.status} ${JSON.stringify(answer.body)}`).to.include(answer.status);
  if (answer.status >= 400 && one.isPage) expectPage(answer);
  else if (answer.status >= 400 && !isSidecars(answer)) expectProblem(answer);
  await also?.(answer, world);
}

/**
 * What is no request, or none that anybody may send, ends at the gateway's sidecar, which says so in
 * a status without a body and hangs up, as Linkerd's does.
 */
function isSidecars({ status, headers, body }: Answer): boolean {
  const refusals = [400, 413, 414, 417, 431, 501, 505];
  const isEmpty = headers['content-length'] === '0' && body['text'] === '';
  return refusals.includes(status) && isEmpty && headers['connection'] === 'close';
}

function expectProblem({ status, headers, body }: Answer): void {
  expect(headers['content-type']).to.match(/^application\/problem\+json/);
  const parsed = problem.parse(body);
  expect(parsed.status).to.equal(status);
  expect(parsed.trace_id).to.match(/^[0-9a-f]{32}$/);
  expect(JSON.stringify(body)).not.to.match(inner);
}

function expectPage({ headers, body }: Answer): void {
  expect(headers['content-type']).to.match(/^text\/html/);
  expect(headers['content-security-policy']).to.be.a('string');
  expect(body['text']).to.be.a('string').and.not.to.match(inner);
}

/** How we are made is nobody's business. */
const inner = /node_modules|\.ts:\d|at \w+ \(|SELECT |ECONN/;

type Who = (world: World) => Api;
type Asking = ApiRequest | ((world: World) => ApiRequest);

/** A request as an ordinary client sends it; by default Ann's. `<marker>` is the world's. */
export function ask(method: string, path: string, request: Asking = {}, who: Who = asAnn): Send {
  return (world) => who(world).send(method, marked(path, world), made(request, world));
}

function asAnn({ ann }: World): Api {
  return ann.api;
}

export function asVisitor({ shop }: World): Api {
  return shop.visitor;
}

/** Bytes that no client library would send. */
export function raw(bytes: string | ((world: World) => string)): Send {
  return async (world) => {
    const reply = await sendRaw(world.system.url, marked(made(bytes, world), world));
    return { status: reply.status, headers: reply.headers, body: bodyOf(reply) };
  };
}

/** The head of a request and its body, as they go over the wire. */
export function message(startLine: string, fields: readonly string[], body = ''): string {
  return [`${startLine} HTTP/1.1`, 'Host: localhost', ...fields, '', body].join('\r\n');
}

function marked(text: string, { marker }: World): string {
  return text.replaceAll('<marker>', marker);
}

function made<T>(value: T | ((world: World) => T), world: World): T {
  // TypeScript does not see that T, a string or an object here, is never callable.
  return typeof value === 'function' ? (value as (world: World) => T)(world) : value;
}

function bodyOf({ headers, body }: { headers: Record<string, string>; body: string }): Body {
  if (!/json/.test(headers['content-type'] ?? '')) return { text: body };
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null ? { ...value } : { value };
}
