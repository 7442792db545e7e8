import { problem } from '@faultline/contracts/common';
import type { HttpReply, NoReply } from './http.ts';

/** What went wrong with a request. `name` is the same for all that went wrong in the same way. */
export type Failure = {
  kind: 'status' | 'problem' | 'refused' | 'reset' | 'timeout' | 'body';
  /** `503 unavailable`, `reset ECONNRESET`, `wrong body`. */
  name: string;
  detail: string;
  /** Of the request that failed, when the reply told. */
  traceId: string | null;
};

/** One request, as its user saw it. */
export type Outcome = {
  journey: string;
  step: string;
  /** When it was due, in milliseconds after the start of the run. */
  atMs: number;
  /** From when it was due, so that waiting behind somebody else counts. */
  latencyMs: number;
  /** Null when there was no reply. */
  status: number | null;
  headers: HttpReply['headers'];
  /** Null when it is as it should be. */
  failure: Failure | null;
  /** It was answered, but the answer says that parts are missing. */
  degraded: boolean;
};

/** The failure that no reply is. */
export function withoutReply({ cause, detail }: NoReply): Failure {
  const name = cause === 'timeout' || cause === 'stopped' ? cause : `${cause} ${detail}`;
  const kind = cause === 'refused' || cause === 'timeout' ? cause : 'reset';
  return { kind, name, detail, traceId: null };
}

/** The failure that a reply with an unexpected status is: by its problem's reason, if it has one. */
export function withStatus({ status, headers, body }: HttpReply): Failure {
  const document = isProblem(headers) ? problem.safeParse(parse(body)) : undefined;
  if (!document?.success) {
    const isPage = String(headers['content-type']).startsWith('text/html');
    const what = body.length === 0 ? 'and nothing else' : isPage ? 'page' : 'without a problem';
    const detail = body.toString('utf8', 0, 200);
    return { kind: 'status', name: `${status} ${what}`, detail, traceId: null };
  }
  const { type, detail, dependency, trace_id: traceId } = document.data;
  const from = dependency === undefined ? '' : ` (${dependency})`;
  const reason = type.replace(/^urn:problem:/, '');
  return { kind: 'problem', name: `${status} ${reason}${from}`, detail, traceId };
}

/** The failure that a reply with the right status and the wrong content is. */
export function withBody(detail: string): Failure {
  return { kind: 'body', name: 'wrong body', detail, traceId: null };
}

/** JSON, or nothing that could be mistaken for it. */
export function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function isProblem(headers: HttpReply['headers']): boolean {
  return /^application\/(problem\+)?json\b/.test(String(headers['content-type']));
}
