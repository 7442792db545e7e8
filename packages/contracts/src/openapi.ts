import type { z } from 'zod';
import { watchOrder } from './orders.ts';
import { refreshSession, deleteSession, sessionCookies } from './profiles.ts';
import { type JsonSchema, namedSchemas, schemaOf } from './openapi-schemas.ts';

/** What the document says of an operation: the contracts' members, whatever else they hold. */
type Operation = {
  readonly [Part in 'params' | 'query' | 'headers' | 'body']?: z.ZodType;
} & {
  readonly [Text in 'id' | 'method' | 'path' | 'summary' | 'access']: string;
} & {
  readonly rawBody?: readonly string[];
  readonly replies: Readonly<Record<number, z.ZodType | null>>;
};

/** The parts of an OpenAPI 3.1 document that are made here. */
export type OpenApiDocument = {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, JsonSchema>>;
  components: Record<string, Record<string, JsonSchema>>;
};

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; it is being worked on.',
  204: 'Done.',
  400: 'The request does not fit; `errors` points to each fault.',
  401: 'Sign in.',
  402: 'The payment was declined.',
  403: 'Not for you.',
  404: 'There is no such thing, or not for you.',
  409: 'It does not fit the present state; `reason` says why.',
  412: 'Somebody else has changed it meanwhile.',
  413: 'The body is too large.',
  415: 'The media type is not accepted.',
  422: 'It cannot be processed.',
  429: 'Too many requests; see Retry-After.',
  503: 'A service is not available; see Retry-After.',
  504: 'No answer in time: it may or may not have been done.',
};

/** The public operations as an OpenAPI 3.1 document, made of the schemas that validate. */
export function describeApi(options: {
  apis: Readonly<Record<string, readonly Operation[]>>;
  version: string;
}): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  const operations = Object.entries(options.apis).flatMap(([service, endpoints]) =>
    endpoints.map((endpoint) => ({ service, endpoint })),
  );
  for (const { service, endpoint } of operations) {
    if (!/^\/api(\/|$)/.test(endpoint.path)) continue;
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint, service),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Faultline shop',
      version: options.version,
      description: 'Amounts are minor units. Failures are problem details (RFC 9457).',
    },
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: sessionCookies.refresh },
      },
    },
  };
}

function operationOf(endpoint: Operation, service: string): JsonSchema {
  const body = bodyOf(endpoint);
  return {
    operationId: endpoint.id,
    summary: endpoint.summary,
    tags: [service],
    security: securityOf(endpoint),
    parameters: parametersOf(endpoint),
    ...(body ? { requestBody: { required: true, content: body } } : {}),
    responses: responsesOf(endpoint),
  };
}

function securityOf({ id, access }: Operation): JsonSchema[] {
  if (id === refreshSession.id || id === deleteSession.id) return [{ session: [] }];
  if (access === 'anyone') return [];
  return access === 'optional' ? [{}, { bearer: [] }] : [{ bearer: [] }];
}

function parametersOf({ params, query, headers }: Operation): JsonSchema[] {
  const parts = { path: params, query, header: headers } as const;
  return Object.entries(parts).flatMap(([place, schema]) =>
    schema ? parametersIn(place, schemaOf(schema, 'input')) : [],
  );
}

function parametersIn(place: string, schema: JsonSchema): JsonSchema[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const properties = Object.entries(Object(schema['properties']))
    // The cookie is a security scheme, not a parameter.
    .filter(([name]) => name !== 'cookie')
    .map(([name, property]) => ({
      name,
      in: place,
      required: place === 'path' || required.has(name),
      schema: property,
    }));
  const others = schema['additionalProperties'];
  if (place !== 'query' || typeof others !== 'object' || others === null) return properties;
  const free = { type: 'object', additionalProperties: others };
  const attributes = { name: 'attributes', in: place, required: false };
  return [...properties, { ...attributes, style: 'form', explode: true, schema: free }];
}

function bodyOf({ body, rawBody }: Operation): JsonSchema | undefined {
  if (rawBody) return Object.fromEntries(rawBody.map((type) => [type, {}]));
  return body ? { 'application/json': { schema: schemaOf(body, 'input') } } : undefined;
}

/** The replies the contract declares, and those that any operation may give. */
function responsesOf(endpoint: Operation): JsonSchema {
  const { access, params, query, headers, body, rawBody, replies, id } = endpoint;
  const signedIn = access === 'principal' || access === 'admin';
  const common: [number, boolean][] = [
    [400, Boolean(params ?? query ?? headers ?? body)],
    [401, signedIn],
    [403, access === 'admin'],
    [413, Boolean(body ?? rawBody)],
    [415, Boolean(body ?? rawBody)],
    [429, true],
    [503, true],
    [504, true],
  ];
  const declared = Object.entries(replies).map(([status, schema]) => [
    status,
    {
      description: DESCRIPTIONS[status] ?? 'See the summary.',
      ...headersOf(Number(status)),
      ...contentOf({ id, status: Number(status), schema: schema && schemaOf(schema, 'output') }),
    },
  ]);
  const general = common
    .filter(([status, applies]) => applies && !(status in replies))
    .map(([status]) => [status, problemReply(status)]);
  return Object.fromEntries([...declared, ...general]);
}

function contentOf(reply: { id: string; status: number; schema: JsonSchema | null }): JsonSchema {
  if (reply.status >= 400) return { content: problemContent() };
  if (reply.schema) return { content: { 'application/json': { schema: reply.schema } } };
  return reply.id === watchOrder.id ? { content: { 'text/event-stream': {} } } : {};
}

function problemReply(status: number): JsonSchema {
  return {
    description: DESCRIPTIONS[status] ?? 'A problem.',
    ...headersOf(status),
    content: problemContent(),
  };
}

function problemContent(): JsonSchema {
  return { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
}

function headersOf(status: number): JsonSchema {
  const seconds = { schema: { type: 'integer', minimum: 0 } };
  return status === 429 || status === 503 ? { headers: { 'Retry-After': seconds } } : {};
}
