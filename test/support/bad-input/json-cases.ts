import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Answer, asVisitor, ask, type Case, message, raw, type Send } from './case.ts';
import type { World } from './world.ts';

const json = 'Content-Type: application/json';

/** An order of Ann's that would be good, changed as text. */
function orderText(change: (good: string, world: World) => string): Send {
  return (world) => {
    const body = change(JSON.stringify(world.ann.draft({ lamp: 1 })), world);
    return world.ann.api.post('/api/v1/orders', body, {
      'Content-Type': 'application/json',
      'Idempotency-Key': randomUUID(),
    });
  };
}

/** A good order with more in it than it may have. */
function orderWith(more: (world: World) => Record<string, unknown>): Send {
  return orderText((good, world) => JSON.stringify({ ...JSON.parse(good), ...more(world) }));
}

function insert(text: string): Send {
  return orderText((good) => good.replace('{', `{${text},`));
}

function quantity(text: string): Send {
  return orderText((good) => good.replace('"quantity":1', `"quantity":${text}`));
}

async function staysWhoSheIs(_: Answer, { ann }: World): Promise<void> {
  const { body } = await ann.api.get('/api/v1/me');
  expect(Object.keys(body)).to.have.members([
    ...['id', 'email', 'name', 'role', 'disabled', 'created_at'],
  ]);
  expect(body).to.include({ id: ann.id, role: 'customer', disabled: false });
}

function excess(what: string, send: Send): Case {
  return { row: 30, what, send, status: 400, also: staysWhoSheIs };
}

function me(body: string | Record<string, unknown>): Send {
  const headers = { 'Content-Type': 'application/json' };
  return ask('PATCH', '/api/v1/me', { headers, body });
}

const strangers = ['total', 'status', 'owner_id', 'account_id', 'id', 'role'];

export const excessCases: Case[] = [
  ...strangers.map((name) =>
    excess(
      `an order that sets ${name}`,
      orderWith(({ marker }) => ({ [name]: marker })),
    ),
  ),
  excess(
    'an item that sets its price',
    orderText((good) => good.replace('"quantity":1', '"quantity":1,"price":{"amount":1}')),
  ),
  ...['role', 'id', 'email', 'disabled'].map((name) =>
    excess(`a profile that sets ${name}`, me({ name: 'Ann Canary', [name]: 'admin' })),
  ),
  ...['__proto__', 'constructor', 'prototype'].map((name) =>
    excess(`a profile that sets ${name}`, me(`{"name":"Ann","${name}":{"role":"admin"}}`)),
  ),
  excess(
    '__proto__ spelled with escapes',
    me('{"name":"Ann","\\u005f\\u005fproto\\u005f\\u005f":{"role":"admin"}}'),
  ),
  excess(
    'a sign-up that sets role',
    ask(
      'POST',
      '/api/v1/accounts',
      ({ marker }) => ({
        body: {
          email: `${marker}@evil.example`,
          password: marker,
          name: marker,
          role: 'admin',
        },
      }),
      asVisitor,
    ),
  ),
  excess(
    'a product that sets its version and owner',
    ask('POST', '/api/v1/admin/products', { body: { version: 7, owner_id: 'x' } }, (world) => {
      return world.admin.api;
    }),
  ),
];

/** JSON that two parsers could read differently, or one not at all. */
export const jsonCases: Case[] = Object.entries({
  'JSON depth 10,000': insert(`"items":${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  'objects to depth 5,000': insert(`"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`),
  'a key twice': quantity('1,"quantity":2'),
  'a key twice, once with escapes': quantity('1,"quantit\\u0079":2'),
  'the number 1e400': quantity('1e400'),
  'the number NaN': quantity('NaN'),
  'the number -0': quantity('-0'),
  'the number 01': quantity('01'),
  'an integer beyond 2^53': quantity('9007199254740993'),
  'a number of 10,000 digits': quantity('1'.repeat(10_000)),
  'a lone surrogate': orderText((good) => good.replace('Lund', '\\ud800')),
  'a byte order mark': orderText((good) => `\ufeff${good}`),
  'a trailing comma': orderText((good) => good.replace(/\}$/, ',}')),
  'a comment': orderText((good) => `/* */${good}`),
  'two documents': orderText((good) => `${good}${good}`),
  'a string as the whole body': orderText(() => '"text"'),
  'null as the whole body': orderText(() => 'null'),
}).map(([what, send]) => ({ row: 31, what, send, status: 400 }));

const bytes: Case = {
  row: 31,
  what: 'text that is no UTF-8',
  send: raw((world) => {
    const body = `{"name":"\xff\xfe${world.marker}"}`;
    return message(
      'PATCH /api/v1/me',
      [json, `Content-Length: ${body.length}`, `Authorization: ${world.ann.authorization}`],
      body,
    );
  }),
  status: 400,
};

const blank = ' '.repeat(70_000);

function asPost(fields: (world: World) => string[], body: string): Send {
  return raw((world) => {
    const own = ['Idempotency-Key: k', `Authorization: ${world.ann.authorization}`];
    return message('POST /api/v1/orders', [json, ...own, ...fields(world)], body);
  });
}

export const bodySizeCases: Case[] = [
  {
    row: 32,
    what: 'a body of 70 KB, announced',
    send: asPost(() => ['Content-Length: 70000'], ''),
    status: 413,
  },
  {
    row: 32,
    what: 'a body of 70 KB, in chunks',
    send: asPost(
      () => ['Transfer-Encoding: chunked'],
      `${blank.length.toString(16)}\r\n${blank}\r\n0\r\n\r\n`,
    ),
    status: 413,
  },
  {
    row: 32,
    what: '10 KB of gzip that expand to 10 MB',
    send: ask('POST', '/api/v1/orders', {
      headers: {
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
        'Idempotency-Key': 'k',
      },
      body: gzipSync(Buffer.alloc(10_000_000, ' ')),
    }),
    status: 413,
  },
  {
    row: 32,
    what: 'gzip that is none',
    send: ask('PATCH', '/api/v1/me', {
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: 'not gzip',
    }),
    status: 400,
  },
  {
    row: 32,
    what: 'a picture of 11 MB',
    send: ask('POST', '/api/v1/images', {
      headers: { 'Content-Type': 'image/png' },
      body: Buffer.alloc(11_000_000),
    }),
    status: 413,
  },
  {
    row: 32,
    what: 'a picture in gzip that expands to 64 MB',
    send: ask('POST', '/api/v1/images', {
      headers: { 'Content-Type': 'image/png', 'Content-Encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(64_000_000)),
    }),
    status: 413,
  },
];

const types = [
  ...['', 'text/plain', 'application/x-www-form-urlencoded', 'application/xml'],
  ...['application/json; charset=utf-7', 'application/json; charset="utf-16"'],
  ...['application/json, text/plain', 'application/merge-patch+json'],
];

export const mediaTypeCases: Case[] = [
  ...types.map((type) => ({
    row: 33,
    what: `the Content-Type '${type}'`,
    send: raw(({ ann }) => {
      const fields = [`Authorization: ${ann.authorization}`, 'Content-Length: 14'];
      if (type !== '') fields.push(`Content-Type: ${type}`);
      return message('PATCH /api/v1/me', fields, '{"name":"Ann"}');
    }),
    status: 415,
  })),
  {
    row: 33,
    what: 'an unknown Content-Encoding',
    send: ask('PATCH', '/api/v1/me', {
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'br' },
      body: '{"name":"Ann"}',
    }),
    status: 415,
  },
];

export const emptyCases: Case[] = [
  ...Object.entries({
    'truncated JSON': orderText((good, { marker }) => `${good.slice(0, -20)}${marker}`),
    'JSON that stops in a string': orderText((_, { marker }) => `{"items":"${marker}`),
    'an empty body': orderText(() => ''),
    'a body of blanks': orderText(() => '   '),
    'an empty object': orderText(() => '{}'),
  }).map(([what, send]) => ({ row: 34, what, send, status: 400 })),
  {
    row: 34,
    what: 'a body that ends before its length',
    send: cutOff,
    // Whoever hangs up may miss the answer.
    status: [0, 400],
  },
];

/** Half a body, and the end of the connection. */
function cutOff({ system, ann, marker }: World): Promise<Answer> {
  const fields = [json, 'Content-Length: 500', `Authorization: ${ann.authorization}`];
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(system.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
      const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
      resolve({ status, headers: { 'content-type': type }, body: status ? JSON.parse(body) : {} });
    });
    socket.end(message('PATCH /api/v1/me', fields, `{"name":"${marker}`));
  });
}

export const nulCases: Case[] = [
  ...Object.entries({
    'NUL in an address': orderText((good) => good.replace('Lund', 'Lund\\u0000')),
    'NUL in a payment token': orderText((good) => good.replace('tok_ok', 'tok_\\u0000')),
    'a raw NUL byte in a string': orderText((good) => good.replace('Lund', 'Lu\0nd')),
    'NUL in a name': me('{"name":"A\\u0000nn"}'),
    'a control character in a name': me('{"name":"A\\u001bnn"}'),
    'NUL in a search': ask('GET', '/api/v1/products?q=a%00b', {}, asVisitor),
    'NUL in an attribute filter': ask('GET', '/api/v1/products?attr.brand=%00', {}, asVisitor),
    'NUL in an id': ask('GET', '/api/v1/orders/%00'),
  }).map(([what, send]) => ({ row: 36, what, send, status: 400 })),
  {
    row: 36,
    what: 'NUL in a form',
    send: ask(
      'POST',
      '/sign-up',
      {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'email=a%00%40b.example&password=0123456789&name=x',
      },
      asVisitor,
    ),
    status: 400,
    isPage: true,
  },
  bytes,
];
