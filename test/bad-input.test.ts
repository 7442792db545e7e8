import { image } from '@faultline/contracts/images';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { failures, placesOf } from './support/bad-input/aftermath.ts';
import { check, type Case } from './support/bad-input/case.ts';
import { hostileEntries, hugeEntry, Planted, readStreams } from './support/bad-input/events.ts';
import {
  framingCases,
  pathCases,
  sizeCases,
  tlsCases,
  trailerCases,
} from './support/bad-input/http-cases.ts';
import { imageCases, multipartCases, urlCases } from './support/bad-input/image-cases.ts';
import {
  bodySizeCases,
  emptyCases,
  excessCases,
  jsonCases,
  mediaTypeCases,
  nulCases,
} from './support/bad-input/json-cases.ts';
import { limitCases, lowLimits } from './support/bad-input/limit-cases.ts';
import { keyCases, orderCases } from './support/bad-input/order-cases.ts';
import { patternCases, queryCases } from './support/bad-input/query-cases.ts';
import { faultline, startCases, startService } from './support/bad-input/start-cases.ts';
import { foreignCases, tokenCases } from './support/bad-input/token-cases.ts';
import { World } from './support/bad-input/world.ts';
import { requireInvariants } from './support/settle.ts';
import { sharedSystem } from './support/system.ts';

/** By the rows of the bad-input matrix. */
const table: Record<string, Case[]> = {
  framing: [...framingCases, ...trailerCases],
  'sizes and paths': [...sizeCases, ...pathCases],
  TLS: tlsCases,
  'access tokens': tokenCases,
  'what belongs to others': foreignCases,
  bodies: [...excessCases, ...jsonCases, ...bodySizeCases, ...mediaTypeCases, ...emptyCases],
  queries: [...queryCases, ...nulCases, ...patternCases],
  orders: [...orderCases, ...keyCases],
  pictures: [...imageCases, ...urlCases, ...multipartCases],
};

describe('bad input', function () {
  this.timeout(60_000);
  let world: World;

  before(async function () {
    this.timeout(120_000);
    world = await World.create(await sharedSystem());
  });
  after(() => world[Symbol.asyncDispose]());

  for (const [about, cases] of Object.entries(table)) {
    describe(`about ${about}`, () => {
      for (const one of cases) it(`row ${one.row}: ${one.what}`, () => check(one, world));
    });
  }

  describe('beyond the limits of a client', () => {
    before(() => world.system.engine.restart('gateway', { now: true, env: lowLimits }));
    after(() => world.system.engine.restart('gateway', { now: true }));

    for (const one of limitCases) it(`row ${one.row}: ${one.what}`, () => check(one, world));
  });

  describe('on the streams', () => {
    let planted: Planted;
    before(() => {
      planted = new Planted(world);
    });
    after(() => planted.remove());

    for (const read of readStreams) {
      it(`row 56: what ${read.group} cannot use of ${read.stream} is set aside, each with its reason`, async () => {
        const entries = Object.entries(hostileEntries(read.type, world.marker));
        const sent: [string, RegExp][] = [];
        for (const [, [fields, reason]] of entries) {
          sent.push([await planted.add(read.stream, fields), reason]);
        }
        for (const [id, reason] of sent) {
          const letter = await planted.deadLetter(read.stream, id);
          expect(letter).to.include({ group: read.group });
          expect(letter['reason']).to.match(reason);
        }
        await planted.untilRead(read);
      });
    }

    it('row 56: an event of 10 MB is set aside, cut', async () => {
      const [stream] = readStreams;
      const [fields, reason] = hugeEntry(world.marker);
      const letter = await planted.deadLetter(
        stream.stream,
        await planted.add(stream.stream, fields),
      );
      expect(letter['reason']).to.match(reason);
      expect(letter['event']?.length).to.be.at.most(300_000);
    });

    it('row 56: and the groups move on', async () => {
      const buyer = await world.shop.customer();
      await buyer.orders({ lamp: 1 });
      const made = await world.admin.createsProduct('novelty');
      const picture = await world.admin.uploadsPicture();
      await eventually(async () => {
        expect(await count('notifications', 'mails WHERE account_id = $1', buyer.id)).to.equal(2);
        expect(await count('inventory', 'stock WHERE product_id = $1', made.id)).to.equal(1);
        const { body } = await world.admin.api.get(`/api/v1/images/${picture}`);
        expect(image.parse(body).status).to.equal('ready');
      }, 20_000);
    });
  });

  describe('in the environment', () => {
    for (const one of startCases) {
      it(`row 57: ${one.service} refuses to start with ${one.what}`, async () => {
        const { code, output } = await startService(one);
        expect(output).to.include(one.names);
        expect(output).not.to.match(/planted-(secret|password)/);
        expect(code).to.be.a('number').and.not.equal(0);
      });
    }

    it('row 57: the engine refuses an unknown flag', async () => {
      const { code, output } = await faultline('up', '--sideways');
      expect(output).to.include('--sideways');
      expect(code).to.be.a('number').and.not.equal(0);
    });
  });

  describe('after all that', () => {
    it('nothing was started again but what the test itself restarted', () => {
      const { restarts } = world;
      const now = world.system.restarts();
      const again = Object.keys(now).filter((name) => now[name] !== restarts[name]);
      const own = again.filter((name) => name.startsWith('gateway'));
      expect(again).to.deep.equal(own);
      for (const name of own) expect((now[name] ?? 0) - (restarts[name] ?? 0)).to.equal(2);
    });

    it('nobody answered 5xx', async () => {
      expect(await failures(world)).to.deep.equal([]);
    });

    it('nothing hostile has reached a log or a database', async () => {
      expect(await placesOf(world, world.marker)).to.deep.equal([]);
    });

    it('the victim has what she had, and every rule is kept', async () => {
      expect(await world.ann.ownOrders()).to.deep.equal([world.owned.order]);
      await requireInvariants(world.shop);
    });
  });

  async function count(database: string, what: string, id: string): Promise<number | undefined> {
    const sql = `SELECT count(*)::int AS count FROM ${what}`;
    const [row] = await world.system.databases.query<{ count: number }>(database, sql, [id]);
    return row?.count;
  }
});
