import { ProxyError } from '../errors.ts';
import type { Handler } from '../layer.ts';

/** A backend that does not exist keeps its share and answers each request with 500. */
export function invalidBackend(message: string): Handler {
  return () => Promise.reject(new ProxyError('invalid-backend', message));
}
