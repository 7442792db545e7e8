import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Request, Response } from '../request.ts';
import type { RequestQueue } from '../request-queue.ts';

/**
 * Waits for the backend to have a ready endpoint. A request whose endpoint turned out to be
 * unreachable has not been sent: it waits again, and another endpoint may take it.
 */
export function queue(waiting: RequestQueue): Layer {
  return (next) => {
    function enter(request: Request): Promise<Response> {
      return new Promise((resolve, reject) => {
        waiting.enter(request.scope, {
          start() {
            next(request).then(resolve, (error: unknown) => {
              const again = error instanceof ProxyError && error.kind === 'unreachable';
              if (again) enter(request).then(resolve, reject);
              else reject(error);
            });
          },
          fail: reject,
        });
      });
    }
    return enter;
  };
}
