import { expect } from 'chai';
import { z } from 'zod';
import { findMisfits, type JsonSchema } from './assignable.ts';
import { findIncompatibilities, type Party } from './compare.ts';
import type { ContractDescription } from './description.ts';

function json(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { ...rest };
}

function misfits(from: z.ZodType, to: z.ZodType): string[] {
  return findMisfits(json(from), json(to));
}

describe('one schema fits another', () => {
  const order = z.object({ id: z.string(), total: z.int(), status: z.enum(['open', 'paid']) });

  it('when all it allows is allowed there', () => {
    for (const [from, to] of [
      [order, order],
      [order.extend({ note: z.string() }), order],
      [order, order.extend({ note: z.string().optional() })],
      [z.enum(['a']), z.enum(['a', 'b'])],
      [z.enum(['a']), z.string()],
      [z.literal('a'), z.enum(['a', 'b'])],
      [z.int().min(2).max(3), z.number().min(1).max(9)],
      [z.string(), z.string().nullable()],
      [z.string(), z.union([z.string(), z.int()])],
      [z.array(order.extend({ note: z.string() })), z.array(order)],
      [z.record(z.string(), z.int()), z.record(z.string(), z.number())],
      [z.uuid(), z.uuid()],
      [z.string(), z.any()],
      [z.string().default('x'), z.string().optional()],
    ] as const) {
      expect(misfits(from, to), JSON.stringify([json(from), json(to)])).to.deep.equal([]);
    }
  });

  it('or it is said where it does not', () => {
    for (const [from, to, why] of [
      [order.omit({ total: true }), order, "'total' is missing, expected always"],
      [order.partial({ total: true }), order, "'total' may be missing, expected always"],
      [order.extend({ total: z.string() }), order, "'total' is string, expected integer"],
      [
        order.extend({ status: z.enum(['open', 'paid', 'lost']) }),
        order,
        "'status' may be lost, expected open, paid",
      ],
      [
        order.extend({ note: z.string() }),
        z.strictObject(order.shape),
        "'note' is not known, and refused",
      ],
      [z.string().nullable(), z.string(), 'the whole is null, expected string'],
      [z.string(), z.string().max(5), 'the whole has maxLength none, expected 5'],
      [z.int().min(0), z.int().min(1), 'the whole has minimum 0, expected 1'],
      [z.string(), z.uuid(), 'the whole has format none, expected uuid'],
      [z.array(order.omit({ id: true })), z.array(order), "'[].id' is missing, expected always"],
      [
        z.record(z.string(), z.string()),
        z.record(z.string(), z.int()),
        "'*' is string, expected integer",
      ],
      [z.any(), z.int(), 'the whole may be anything, expected integer'],
      [z.string(), z.enum(['a', 'b']), 'the whole may be any value, expected a, b'],
    ] as const) {
      expect(misfits(from, to)).to.include(why);
    }
  });
});

const total = z.object({ total: z.int() });

function contract(changes: {
  body?: z.ZodType;
  reply?: z.ZodType;
  status?: number;
  path?: string;
  event?: z.ZodType;
  version?: number;
}): ContractDescription {
  const { body = total, reply = total, status = 200, event = total, version = 1 } = changes;
  return {
    operations: {
      place: {
        id: 'placeOrder',
        method: 'POST',
        path: changes.path ?? '/internal/v1/orders',
        request: { params: null, query: null, headers: null, body: { ...json(body) } },
        replies: { [status]: { ...json(reply) } },
      },
    },
    events: { orderEvents: { 'order.placed': { version, data: { ...json(event) } } } },
  };
}

/** `shop` calls `orders` and reads its events. */
function parties(shop: ContractDescription, orders: ContractDescription) {
  const uses = new Map([['orders', new Set(['place', 'orderEvents'])]]);
  const asShop: Party = {
    service: 'shop',
    version: '1',
    contracts: { orders: shop },
    usage: uses,
  };
  const asOrders: Party = {
    service: 'orders',
    version: '2',
    contracts: { orders },
    usage: new Map(),
  };
  return { shop: asShop, orders: asOrders };
}

/** What would break if `orders` were deployed with its contract while `shop` runs with the other. */
function deployOrders(shop: ContractDescription, orders: ContractDescription): string[] {
  const { shop: caller, orders: callee } = parties(shop, orders);
  return findIncompatibilities(callee, [caller]).map(
    ({ who, what, why }) => `${who}: ${what}: ${why}`,
  );
}

/** The other way round. */
function deployShop(shop: ContractDescription, orders: ContractDescription): string[] {
  const { shop: caller, orders: callee } = parties(shop, orders);
  return findIncompatibilities(caller, [callee]).map(
    ({ who, what, why }) => `${who}: ${what}: ${why}`,
  );
}

const plain = contract({});
const more = z.object({ total: z.int(), note: z.string() });
const strict = z.strictObject({ total: z.int() });

describe('a deploy beside what runs', () => {
  it('may add to replies and events, and ask for no more than before', () => {
    expect(deployOrders(plain, contract({ reply: more, event: more }))).to.deep.equal([]);
    expect(deployOrders(plain, contract({ body: more.partial({ note: true }) }))).to.deep.equal([]);
  });

  it('may not leave out what others read, nor ask for what they do not send', () => {
    const gone = z.object({ sum: z.int() });
    expect(deployOrders(plain, contract({ reply: gone }))).to.deep.equal([
      "shop 1: placeOrder, reply 200: 'total' is missing, expected always",
    ]);
    expect(deployOrders(plain, contract({ event: gone }))).to.deep.equal([
      "shop 1: event order.placed: 'total' is missing, expected always",
    ]);
    expect(deployOrders(plain, contract({ body: more }))).to.deep.equal([
      "shop 1: placeOrder, request body: 'note' is missing, expected always",
    ]);
  });

  it('may not move, drop or renumber what others use', () => {
    expect(deployOrders(plain, contract({ path: '/elsewhere' }))[0]).to.include(
      'it is POST /elsewhere, not POST /internal/v1/orders',
    );
    expect(deployOrders(plain, { operations: {}, events: {} })).to.have.length(2);
    expect(deployOrders(plain, contract({ version: 2 }))[0]).to.include(
      'it is written as version 2, and read as 1',
    );
    expect(deployOrders(plain, contract({ status: 202 }))[0]).to.include(
      'reply 202: this status is not expected',
    );
  });

  it('may not itself need what others do not give yet, nor send what they refuse', () => {
    expect(deployShop(contract({ reply: more }), plain)).to.deep.equal([
      "shop 1: placeOrder, reply 200: 'note' is missing, expected always",
    ]);
    expect(deployShop(contract({ event: more }), plain)[0]).to.include("'note' is missing");
    expect(deployShop(contract({ body: more }), contract({ body: strict }))[0]).to.include(
      "request body: 'note' is not known, and refused",
    );
  });

  it('comes in two steps where both sides change: first take both, then give one', () => {
    const either = z.object({ total: z.int().optional(), note: z.string().optional() });
    const expanded = contract({ body: either, reply: more, event: more });
    expect(deployOrders(plain, expanded)).to.deep.equal([]);
    const contracted = contract({ body: z.object({ note: z.string() }), reply: more, event: more });
    expect(deployShop(contracted, expanded)).to.deep.equal([]);
  });

  it('does not care for what nobody uses, but for the public API', () => {
    const { shop, orders } = parties(plain, { operations: {}, events: {} });
    const indifferent = { ...shop, usage: new Map() };
    expect(findIncompatibilities(orders, [indifferent])).to.deep.equal([]);
    const before = parties(plain, contract({ path: '/api/v1/orders' })).orders;
    expect(findIncompatibilities(orders, [before])).to.deep.equal([
      {
        who: 'clients of the public API',
        what: 'placeOrder',
        why: 'it does not exist on the other side',
      },
    ]);
    expect(findIncompatibilities(orders, [parties(plain, plain).orders])).to.deep.equal([]);
  });
});
