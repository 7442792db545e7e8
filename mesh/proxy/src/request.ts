import type { Client } from '@faultline/mesh-core/authorize';
import type { ObjectRef } from '@faultline/mesh-core/snapshot';
import type { Duplex } from 'node:stream';
import type { Decision } from './decisions.ts';
import type { Body } from './http/body.ts';
import { getHeader, type Headers } from './http/headers.ts';
import type { Scope } from './scope.ts';

/** What an exchange on a connection needs to know; made by the net side, see `net/exchange`. */
export type Wire = { exchange(request: Request): Promise<Response> };

type RequestInit = {
  method: string;
  path: string;
  query: string;
  authority: string;
  destination: string;
  headers: Headers;
  body: Body;
  scope: Scope;
  client: Client;
  upgrade: string | undefined;
  startedMs: number;
  decision: Decision;
  onContinue: (() => void) | undefined;
};

/** A request on its way through the layers. A class for one shape in memory, not for behaviour. */
export class Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Host the client named: what routes match. */
  readonly authority: string;
  /** Host and port the client connected to: what decides the Service. */
  readonly destination: string;
  headers: Headers;
  body: Body;
  readonly scope: Scope;
  readonly client: Client;
  /** Protocol the client asks to switch to. */
  readonly upgrade: string | undefined;
  /** Monotonic. */
  readonly startedMs: number;
  readonly decision: Decision;
  /** Called when the server says `100 Continue`; present when the client waits for it. */
  readonly onContinue: (() => void) | undefined;
  /** The connection this attempt goes out on. */
  wire: Wire | undefined;
  /** Inbound: the policy that let it in. */
  grantedBy: ObjectRef | undefined;

  constructor(init: RequestInit) {
    this.method = init.method;
    this.path = init.path;
    this.query = init.query;
    this.authority = init.authority;
    this.destination = init.destination;
    this.headers = init.headers;
    this.body = init.body;
    this.scope = init.scope;
    this.client = init.client;
    this.upgrade = init.upgrade;
    this.startedMs = init.startedMs;
    this.decision = init.decision;
    this.onContinue = init.onContinue;
    this.wire = undefined;
    this.grantedBy = undefined;
  }

  header(name: string): string | undefined {
    return name === 'host' ? this.authority : getHeader(this.headers, name);
  }

  /** The same request to be sent with another body, within a scope of its own. */
  attempt(body: Body, scope: Scope): Request {
    const copy = new Request({ ...this, body, scope });
    copy.headers = [...this.headers];
    return copy;
  }
}

export type Response = {
  readonly status: number;
  headers: Headers;
  body: Body;
  /** `Content-Length` of a reply that has no body to count, such as one to HEAD. */
  readonly statedLength?: number | undefined;
  /** After 101: the other side's raw stream, with what had been read of it unread. */
  readonly tunnel?: { readonly stream: Duplex; readonly protocol: string };
  /** Asks the client to close its connection. */
  readonly closes?: boolean;
};
