import { performance } from 'node:perf_hooks';
import { searchResult } from '@faultline/contracts/catalog';
import { expect } from 'chai';
import { type Answer, asVisitor, ask, type Case, type Send } from './case.ts';

function search(query: string): Send {
  return ask('GET', `/api/v1/products?${query}`, {}, asVisitor);
}

function q(text: string): Send {
  return search(`q=${encodeURIComponent(text).replace('%3Cmarker%3E', '<marker>')}`);
}

function findsNothing({ body }: Answer): void {
  expect(searchResult.parse(body)).to.include({ total: 0 });
}

const data = [
  ...["' OR '1'='1", "'; DROP TABLE products; --", "zz') UNION SELECT '<marker>' --"],
  ...['zz%', '%', '_', '\\', 'zz$1', '{"a":{"$gt":""}}', ':* & !zz | zz', '<-> zz'],
];

/** Values that a careless query would act on; here they are words nobody uses. */
const asData: Case[] = [
  ...data.map((text) => ({
    row: 35,
    what: `the search ${text}`,
    send: q(text),
    status: 200,
    also: findsNothing,
  })),
  ...["' OR 1=1 --", '"} || true || {"', '%', '$.**', '{}'].map((text) => ({
    row: 35,
    what: `the attribute filter ${text}`,
    send: search(`attr.brand=${encodeURIComponent(text)}`),
    status: 200,
    also: findsNothing,
  })),
  {
    row: 35,
    what: 'SQL as a password',
    send: ask(
      'POST',
      '/api/v1/sessions',
      ({ ann }) => ({ body: { email: ann.credentials.email, password: "' OR '1'='1" } }),
      asVisitor,
    ),
    status: 401,
  },
  {
    row: 35,
    what: 'SQL in the back office’s search',
    send: ask('GET', `/api/v1/admin/accounts?q=${encodeURIComponent("%' OR '1'='1")}`, {}, (w) => {
      return w.admin.api;
    }),
    status: 200,
    also({ body }) {
      expect(body['items']).to.deep.equal([]);
    },
  },
];

const refused = [
  ...[
    'sort=<marker>',
    '<marker>=1',
    'sort=price%3B%20DROP%20TABLE%20products',
    'sort=name&sort=price',
  ],
  ...['page=-1', 'offset=1', 'limit=1000000000', 'limit=101', 'limit=0', 'limit=-1', 'limit=1.5'],
  ...['limit=abc', 'limit=', 'limit=1&limit=2', 'limit=0x7fffffff1', 'cursor=AAAA', 'cursor=%27'],
  ...['cursor=', 'category=a%27b', 'attr.brand%27--=x', 'attr.a-%3E%3Eb=x', 'attr.=x'],
  ...['__proto__=x', 'constructor=x', 'attr.__proto__=x', 'attr.brand[$ne]=x', 'q[$gt]='],
];

export const queryCases: Case[] = [
  ...asData,
  ...refused.map((query) => ({
    row: 35,
    what: `the query ${query}`,
    send: search(query),
    status: 400,
  })),
  ...["/api/v1/orders/'%20OR%201=1", '/api/v1/orders/1', '/api/v1/images/%25'].map((path) => ({
    row: 35,
    what: `the id in ${path}`,
    send: ask('GET', path),
    status: 400,
  })),
  {
    row: 35,
    what: 'a list of orders without a bound',
    send: ask('GET', '/api/v1/orders?limit=1000000000'),
    status: 400,
  },
  {
    row: 35,
    what: 'after all that the products are still there',
    send: search('limit=1'),
    status: 200,
    also({ body }) {
      expect(searchResult.parse(body).total).to.be.at.least(60);
    },
  },
];

/** Far above what a search takes, far below what a pattern gone wild does. */
const patienceMs = 3_000;

function soon(send: Send): Send {
  return async (world) => {
    const startedMs = performance.now();
    const answer = await send(world);
    expect(performance.now() - startedMs).to.be.below(patienceMs);
    return answer;
  };
}

const wild = {
  'nested repetition': `${'(a+)+'.repeat(30)}$`,
  'a hundred stars': '*'.repeat(100),
  'a hundred open brackets': '('.repeat(100),
  'a hundred negations': '-'.repeat(100),
  'a hundred quotes': '"'.repeat(99),
  'a hundred words of two letters': 'ab '.repeat(66),
  'two hundred times the same letter': 'a'.repeat(200),
  'operators only': '& | ! <-> :*'.repeat(16),
};

export const patternCases: Case[] = [
  ...Object.entries(wild).map(([what, text]) => ({
    row: 37,
    what: `a search for ${what}`,
    send: soon(q(text)),
    status: 200,
  })),
  { row: 37, what: 'a search of 201 characters', send: soon(q('a'.repeat(201))), status: 400 },
  {
    row: 37,
    what: 'a search with 11 attribute filters',
    send: soon(search(Array.from({ length: 11 }, (_, i) => `attr.a${i}=x`).join('&'))),
    status: 400,
  },
  {
    row: 37,
    what: 'an address made to make a pattern backtrack',
    send: soon(
      ask(
        'POST',
        '/api/v1/sessions',
        { body: { email: `${'a@'.repeat(120)}!`, password: 'x' } },
        asVisitor,
      ),
    ),
    status: 400,
  },
];
