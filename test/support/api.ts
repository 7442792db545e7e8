import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';

export type Body = Record<string, unknown>;

export type Reply = {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON; else `{ text }`. */
  body: Body;
  cookies: Readonly<Record<string, string>>;
};

export type ApiRequest = {
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  /** Sent as JSON, unless it is text or bytes. */
  body?: unknown;
};

const timeoutMs = 30_000;
/**
 * A kept connection is let go of before a gateway that leaves would close it: whether a request was
 * read that meets its end on the way, HTTP/1.1 has no means to tell.
 */
const idleMs = 500;

/** The shop's API as any client sees it. Every answer is a reply; only no answer is an error. */
export class Api {
  readonly #http: AxiosInstance;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#headers = headers;
    this.#http = axios.create({
      baseURL: url,
      proxy: false,
      timeout: timeoutMs,
      maxRedirects: 0,
      httpAgent: new Agent({ keepAlive: true, maxSockets: 128, timeout: idleMs }),
      responseType: 'text',
      transformRequest: (data: unknown) => data,
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
    });
  }

  /** The same API with other headers on top. */
  with(headers: Readonly<Record<string, string>>): Api {
    return new Api(this.#http.defaults.baseURL ?? '', { ...this.#headers, ...headers });
  }

  get(path: string, request: ApiRequest = {}): Promise<Reply> {
    return this.send('GET', path, request);
  }

  post(
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    return this.send('POST', path, { body, headers });
  }

  async send(method: string, path: string, request: ApiRequest = {}): Promise<Reply> {
    const { body } = request;
    const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
    const reply = await this.#http.request<unknown>({
      method,
      url: path,
      params: request.query,
      data: isJson ? JSON.stringify(body) : body,
      headers: {
        ...(isJson ? { 'Content-Type': 'application/json' } : {}),
        ...this.#headers,
        ...request.headers,
      },
    });
    const headers = Object.entries(reply.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: reply.status,
      headers: Object.fromEntries(headers),
      body: parseBody(String(reply.data ?? ''), String(reply.headers['content-type'])),
      cookies: parseCookies([reply.headers['set-cookie'] ?? []].flat()),
    };
  }
}

function parseBody(text: string, type: string): Body {
  if (!/\bjson\b/.test(type) || text === '') return { text };
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : { value };
}

function parseCookies(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
