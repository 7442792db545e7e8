/**
 * Span names and attribute keys, declared once. Ids may be attributes; secrets, card data and
 * personal data never. OpenTelemetry's own names where it has one.
 */
export const ATTRIBUTES = {
  dbNamespace: 'db.namespace',
  dbOperationName: 'db.operation.name',
  dbQueryText: 'db.query.text',
  dbSystemName: 'db.system.name',
  errorType: 'error.type',
  exceptionStacktrace: 'exception.stacktrace',
  exceptionType: 'exception.type',
  httpRequestMethod: 'http.request.method',
  httpResendCount: 'http.request.resend_count',
  httpResponseStatusCode: 'http.response.status_code',
  httpRoute: 'http.route',
  networkProtocolVersion: 'network.protocol.version',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',

  messagingConsumerGroup: 'messaging.consumer.group.name',
  messagingDeliveryCount: 'messaging.message.delivery_count',
  messagingDestination: 'messaging.destination.name',
  messagingEventType: 'messaging.message.event_type',
  messagingMessageId: 'messaging.message.id',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingSystem: 'messaging.system',

  accountId: 'account.id',
  idempotencyReplayed: 'idempotency.replayed',
  imageId: 'image.id',
  jobKind: 'job.kind',
  orderId: 'order.id',
  paymentId: 'payment.id',
  productId: 'product.id',
  reservationId: 'reservation.id',
  sagaName: 'saga.name',
  sagaResult: 'saga.result',
  sagaStep: 'saga.step',
} as const;

/** Names of spans: few, fixed, and without any value of a request. */
export const SPAN_NAMES = {
  publish: (stream: string) => `publish ${stream}`,
  process: (stream: string) => `process ${stream}`,
  sagaStep: (saga: string, step: string) => `saga ${saga} ${step}`,
  sagaCompensation: (saga: string, step: string) => `saga ${saga} undo ${step}`,
  job: (kind: string) => `job ${kind}`,
} as const;

/** Scope of the spans made by our own helpers. */
export const SCOPE_NAME = 'faultline';
