/**
 * Node's own HTTP. To `import` it is to read all that it exports, WebSocket among that, for which
 * Node.js then loads the whole of undici: 40 ms of each start, a fifth of what most commands take.
 */
export const http: typeof import('node:http') = process.getBuiltinModule('node:http');
