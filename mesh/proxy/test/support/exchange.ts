import { Body } from '../../src/http/body.ts';
import { Request, type Response } from '../../src/request.ts';
import { Scope } from '../../src/scope.ts';

/** A request as a layer gets it. */
export function request(
  parts: Partial<Pick<Request, 'method' | 'path' | 'headers' | 'body'>> = {},
): Request {
  return new Request({
    method: 'GET',
    path: '/',
    query: '',
    authority: 'b',
    destination: 'b',
    headers: [],
    body: Body.empty(),
    scope: new Scope(),
    client: { address: '127.0.0.1', identity: undefined },
    upgrade: undefined,
    startedMs: 0,
    decision: {
      atMs: 0,
      direction: 'outbound',
      method: 'GET',
      path: '/',
      destination: 'b',
      attempts: 1,
    },
    onContinue: undefined,
    ...parts,
  });
}

export function response(status = 200, text = '', headers: string[] = []): Response {
  return { status, headers, body: text === '' ? Body.empty() : Body.of(Buffer.from(text)) };
}

/** What a body delivers, as one text; rejects when it breaks off. */
export function textOf(body: Body): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    body.pipe({
      data: (chunk) => void (text += chunk.toString('latin1')),
      end: () => resolve(text),
      fail: reject,
    });
  });
}
