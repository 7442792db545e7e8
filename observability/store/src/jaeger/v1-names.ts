import type { Exchange } from '../http/router.ts';
import type { ApiDeps } from './api.ts';
import { kindText } from './kinds.ts';
import { ParamError } from './params.ts';
import { sendV1 } from './v1-envelope.ts';

/** `GET /api/services` */
export function services({ store }: ApiDeps, exchange: Exchange): void {
  const names = store.names.services();
  sendV1(exchange, names, { total: names.length });
}

/** `GET /api/services/:service/operations` */
export function operationNames({ store }: ApiDeps, exchange: Exchange): void {
  const found = store.names.operations(exchange.params['service'] ?? '');
  const names = [...new Set(found.map(({ name }) => name))];
  sendV1(exchange, names, { total: names.length });
}

/** `GET /api/operations` */
export function operations({ store }: ApiDeps, exchange: Exchange): void {
  const service = exchange.query.get('service') ?? '';
  if (service === '') throw new ParamError("parameter 'service' is required");
  const wanted = exchange.query.get('spanKind') ?? '';
  const found = store.names
    .operations(service)
    .map(({ name, kind }) => ({ name, spanKind: kindText(kind) }))
    .filter(({ spanKind }) => wanted === '' || wanted === spanKind);
  sendV1(exchange, found, { total: found.length });
}
