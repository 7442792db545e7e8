const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const reply = (description: string, schema: object = { type: 'object' }) => ({
  description,
  ...json(schema),
});
const text = { type: 'string' };
const number = { type: 'number' };
const time = { type: 'string', format: 'date-time' };
const listOf = (items: object) => ({ type: 'array', items });
const object = (properties: Record<string, object>) => ({ type: 'object', properties });

const origin = object({
  kind: { enum: ['service', 'instance', 'version', 'edge', 'store', 'provider', 'queue', 'load'] },
  service: text,
  version: text,
  instance: text,
  edge: object({ from: text, to: text }),
});

const incident = object({
  id: text,
  state: { enum: ['open', 'resolved'] },
  origin,
  symptom: { enum: ['errors', 'latency', 'unreachable', 'silence', 'backlog', 'overload'] },
  sentence: { ...text, description: 'Who broke, since when, and what followed, in one sentence.' },
  onset: time,
  named_at: time,
  updated_at: time,
  resolved_at: { type: ['string', 'null'], format: 'date-time' },
  merged_into: text,
  confidence: { ...number, minimum: 0, maximum: 1 },
  candidates: listOf(object({ origin, score: number })),
  propagation: listOf(object({ service: text, at: time, effect: text })),
  victims: listOf(
    object({ service: text, at: time, requests: number, failed: number, slow: number }),
  ),
  absorbed: listOf(object({ by: text, service: text, count: number })),
  journeys: listOf(object({ name: text, requests: number, hit: number })),
  share_hit: { ...number, minimum: 0, maximum: 1 },
  amplification: listOf(
    object({ from: text, to: text, requests: number, attempts: number, factor: number }),
  ),
  suspected_change: { type: ['object', 'null'] },
  traces: listOf(text),
});

const change = object({
  at: time,
  kind: text,
  service: text,
  version: text,
  instance: text,
  state: text,
  detail: text,
});

/** The failure analysis' API as an OpenAPI 3.1 document. Jaeger's own routes are Jaeger's to tell. */
export const openApi = {
  openapi: '3.1.0',
  info: { title: 'Faultline: who broke first', version: '1.0.0' },
  paths: {
    '/api/incidents': {
      get: {
        summary: 'What is broken and what was, newest last.',
        responses: { 200: reply('Incidents', object({ incidents: listOf(incident) })) },
      },
    },
    '/api/incidents/current': {
      get: {
        summary: 'The worst of what is broken now, or null.',
        responses: {
          200: reply('The incident', object({ incident: { anyOf: [incident, { type: 'null' }] } })),
        },
      },
    },
    '/api/incidents/{id}': {
      get: {
        summary: 'One incident.',
        parameters: [{ name: 'id', in: 'path', required: true, schema: text }],
        responses: { 200: reply('It', object({ incident })), 404: reply('There is none') },
      },
    },
    '/api/topology': {
      get: {
        summary: 'Who there is, who calls whom, and the part each has in what is broken now.',
        responses: { 200: reply('Nodes and edges') },
      },
    },
    '/api/history': {
      get: {
        summary:
          'How the system was in the last half hour, a frame every two seconds: rows that point to nodes and edges.',
        responses: {
          200: reply(
            'Frames',
            object({ nodes: listOf({}), edges: listOf({}), frames: listOf({}) }),
          ),
        },
      },
    },
    '/api/changes': {
      get: {
        summary: 'What was done to the system of late, oldest first.',
        responses: { 200: reply('Changes', object({ changes: listOf(change) })) },
      },
      post: {
        summary: 'Tells of a change; needs the token of this run.',
        security: [{ run: [] }],
        requestBody: { required: true, ...json(change) },
        responses: { 204: { description: 'Noted' }, 400: reply('Not a change'), 401: reply('No') },
      },
    },
    '/api/flagger': {
      post: {
        summary: 'Takes events of Flagger’s for changes, where the store was told to hear them.',
        requestBody: { required: true, ...json({ type: 'object' }) },
        responses: {
          202: reply('Heard', object({ noted: { type: 'boolean' } })),
          400: reply('No event of Flagger’s'),
          403: reply('From a page'),
        },
      },
    },
    '/api/inputs': {
      get: {
        summary: 'What the analysis is told from now on, one JSON object a line: for recordings.',
        responses: { 200: { description: 'A stream', content: { 'application/x-ndjson': {} } } },
      },
    },
    '/api/events': {
      get: {
        summary:
          'Server-sent events: first incidents, changes and topology, then each as it comes.',
        responses: { 200: { description: 'A stream', content: { 'text/event-stream': {} } } },
      },
    },
  },
  components: { securitySchemes: { run: { type: 'http', scheme: 'bearer' } } },
} as const;
