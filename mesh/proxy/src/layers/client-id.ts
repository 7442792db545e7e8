import type { Layer } from '../layer.ts';

/** Tells the app who calls: what TLS proved, and nothing a client wrote (the parser drops that). */
export function clientId(): Layer {
  return (next) => (request) => {
    const { identity } = request.client;
    if (identity !== undefined) request.headers.push('l5d-client-id', identity);
    return next(request);
  };
}
