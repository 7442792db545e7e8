import { expect } from 'chai';
import axios from 'axios';
import { createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import Router from '@koa/router';
import { createApp } from '@faultline/chassis/app';
import { systemClock } from '@faultline/chassis/clock';
import { DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import { uuidv7 } from '@faultline/chassis/ids';
import { createMetrics } from '@faultline/chassis/metrics';
import { asPrincipal, serve, type TestServer } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { createTestDatabase, type TestDatabase } from '@faultline/chassis/testing/stores';
import { mountNotifications } from '../src/app.ts';
import { deliverMails } from '../src/delivery.ts';
import { orderHandlers } from '../src/events.ts';
import { MailStore } from '../src/mail-store.ts';
import { renderMailboxProblem } from '../src/pages/frame.ts';
import { createTransport, type Transport } from '../src/transport.ts';

const migrationsDir = fileURLToPath(new URL('../migrations', import.meta.url));
const accountId = uuidv7(systemClock);

function confirmed({ name = 'Lamp', account = accountId } = {}) {
  const price = { amount: 1_250, currency: 'EUR' };
  return {
    id: uuidv7(systemClock),
    type: 'order.confirmed',
    version: 1,
    subject: uuidv7(systemClock),
    sequence: 2,
    time: '2026-05-01T10:00:00.000Z',
    data: {
      order_id: uuidv7(systemClock),
      account_id: account,
      total: { amount: 2_500, currency: 'EUR' },
      lines: [{ product_id: uuidv7(systemClock), name, quantity: 2, unit_price: price }],
    },
  };
}

describe('notifications', () => {
  let db: TestDatabase;
  let mails: MailStore;
  let server: TestServer;
  let profilesDown = false;
  let stop: () => Promise<void> = async () => undefined;

  // A stub: the delivery calls this one operation, and reads status and body.
  const profiles = {
    async call() {
      if (profilesDown) throw new DependencyError({ dependency: 'profiles', failure: 'refused' });
      return { status: 200, headers: {}, body: { email: 'ann@example.test', name: 'Ann' } };
    },
  } as unknown as HttpClient;

  before(async () => {
    db = await createTestDatabase(migrationsDir);
    mails = new MailStore(db);
    const { app, router } = createApp({
      name: 'notifications',
      version: '1',
      requestTimeoutMs: 2_000,
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics().http,
      draining: () => false,
      renderProblem: renderMailboxProblem,
    });
    expect(router).to.be.instanceOf(Router);
    mountNotifications(router, { mails });
    server = await serve(app);
  });
  after(async () => {
    await server.close();
    await db.drop();
  });
  beforeEach(() => db.pool.query('TRUNCATE mails'));
  afterEach(() => stop());

  function deliverThrough(transport: Transport): void {
    const stopped = new AbortController();
    const running = deliverMails(
      { mails, profiles, transport, clock: systemClock, log: silentLog },
      stopped.signal,
    );
    stop = async () => {
      stopped.abort();
      await running;
    };
  }

  async function receive(event: ReturnType<typeof confirmed>): Promise<void> {
    await db.transaction(async (tx) => orderHandlers(mails)[event.type]?.(event, tx));
  }

  const kept = createTransport({ url: undefined, from: 'shop@faultline.test' });
  const get = (path: string, role = 'admin') =>
    axios.get(server.url + path, {
      headers: asPrincipal(accountId, role),
      validateStatus: () => true,
    });

  it('write one mail for an event however often it comes', async () => {
    const event = confirmed();
    for (let i = 0; i < 3; i++) await receive(event);
    deliverThrough(kept);
    await eventually(async () =>
      expect((await mails.list({ limit: 10 })).map((mail) => mail.status)).to.deep.equal(['kept']),
    );
    const [mail] = await mails.list({ limit: 10 });
    expect(mail?.to).to.equal('ann@example.test');
    expect(mail?.text).to.include('2 × Lamp — EUR 25.00').and.to.include('Hello Ann');
  });

  it('wait for profiles and send when it is back', async () => {
    profilesDown = true;
    await receive(confirmed());
    deliverThrough(kept);
    await eventually(async () => {
      const { rows } = await db.pool.query<{ attempts: number }>('SELECT attempts FROM mails');
      expect(rows[0]?.attempts).to.be.greaterThan(0);
    });
    expect((await mails.list({ limit: 1 }))[0]?.status).to.equal('queued');
    profilesDown = false;
    await db.pool.query('UPDATE mails SET next_attempt_at = now()');
    await eventually(async () =>
      expect((await mails.list({ limit: 1 }))[0]?.status).to.equal('kept'),
    );
  });

  it('reach an account in the order of what happened, though the first is refused at first', async () => {
    const first = confirmed();
    const later = { ...confirmed(), type: 'order.cancelled', time: '2026-05-01T10:00:01.000Z' };
    const other = confirmed({ account: uuidv7(systemClock) });
    for (const event of [later, first, other]) await receive(event);
    const attempts: string[] = [];
    const refused = new Set<string>();
    deliverThrough({
      delivers: true,
      send: async (id) => {
        attempts.push(id);
        if (id !== first.id || refused.has(id)) return;
        refused.add(id);
        throw new Error('come again');
      },
    });
    await eventually(async () => {
      const all = await mails.list({ limit: 10 });
      expect(all.map(({ status }) => status)).to.deep.equal(['sent', 'sent', 'sent']);
    }, 10_000);
    const ofAccount = attempts.filter((id) => id !== other.id);
    expect(ofAccount).to.deep.equal([first.id, first.id, later.id]);
    expect(attempts.indexOf(other.id)).to.be.below(attempts.lastIndexOf(first.id));
  });

  it('reach the mail server once, under the event’s id', async () => {
    const { smtp, url, messages } = await startSmtp();
    const event = confirmed();
    await receive(event);
    deliverThrough(createTransport({ url, from: 'shop@faultline.test' }));
    await eventually(async () =>
      expect((await mails.list({ limit: 1 }))[0]?.status).to.equal('sent'),
    );
    expect(messages).to.have.length(1);
    expect(messages[0]).to.include(`Message-ID: <${event.id}@faultline.local>`);
    smtp.close();
  });

  it('show markup in a product name as text', async () => {
    await receive(confirmed({ name: '<script>alert(1)</script>' }));
    deliverThrough(kept);
    await eventually(async () =>
      expect((await mails.list({ limit: 1 }))[0]?.status).to.equal('kept'),
    );
    const [mail] = await mails.list({ limit: 1 });
    expect(mail?.html).not.to.include('<script>');
    const page = await get(`/mailbox/${mail?.id}`);
    expect(page.data).to.include('&lt;script').and.not.to.include('<script>');
    expect(page.headers['content-security-policy']).to.include("default-src 'none'");
  });

  it('are listed newest first, page by page', async () => {
    for (const n of [1, 2, 3])
      await receive({ ...confirmed(), time: `2026-05-0${n}T10:00:00.000Z` });
    const first = await get('/internal/v1/mails?limit=2');
    const second = await get(`/internal/v1/mails?limit=2&cursor=${first.data.next_cursor}`);
    const days = [...first.data.items, ...second.data.items].map((mail) =>
      mail.created_at.slice(8, 10),
    );
    expect(days).to.deep.equal(['03', '02', '01']);
    expect(second.data.next_cursor).to.equal(null);
    expect((await get('/internal/v1/mails?cursor=rubbish')).status).to.equal(400);
  });

  it('are shown page by page and by whom they went to, until there are none', async () => {
    for (let i = 0; i < 3; i++) await receive(confirmed());
    deliverThrough(kept);
    await eventually(async () => {
      const { rowCount } = await db.pool.query("SELECT 1 FROM mails WHERE status = 'kept'");
      expect(rowCount).to.equal(3);
    });
    const first = await get('/mailbox?limit=2&to=ann%40example.test');
    expect(first.data.match(/badge kept/g)).to.have.length(2);
    const [, older = ''] = /rel="next" href="([^"]+)"/.exec(first.data) ?? [];
    const second = await get(older.replaceAll('&amp;', '&'));
    expect(second.data).to.include('Mails to ann@example.test').and.include('badge kept');
    expect(second.data).not.to.include('rel="next"');
    expect((await get('/mailbox?to=bob%40example.test')).data).to.include('No mails yet');
  });

  it('are shown by pages that run nothing and that nothing keeps', async () => {
    await receive(confirmed());
    const [mail] = await mails.list({ limit: 1 });
    for (const path of ['/mailbox', `/mailbox/${mail?.id}`, '/mailbox/nothing']) {
      const { headers, data } = await get(path);
      const policy = String(headers['content-security-policy']);
      expect(policy, path).to.include("default-src 'none'").and.not.include('unsafe-inline');
      expect(headers['cache-control'], path).to.include('no-store');
      expect(data, path)
        .to.match(/^<!doctype html>/)
        .and.not.match(/<style|style="/);
      const [, css = ''] = /rel="stylesheet" href="([^"]+)"/.exec(data) ?? [];
      const style = await get(css, 'customer');
      expect(style.headers['content-type']).to.include('text/css');
      expect(style.headers['cache-control']).to.include('immutable');
    }
    expect((await get('/mailbox')).data).to.include('badge queued');
  });

  it('answer what is not there, or makes no sense, with a page that says so', async () => {
    for (const [path, status, title] of [
      ['/mailbox/nothing', 404, 'Not found'],
      [`/mailbox/${accountId}`, 404, 'Not found'],
      ['/mailbox/%00', 404, 'Not found'],
      ['/mailbox?cursor=rubbish', 400, 'That did not work'],
      ['/mailbox?to=%00', 400, 'That did not work'],
      ['/mailbox?page=2', 400, 'That did not work'],
    ] as const) {
      const reply = await get(path);
      expect(reply.status, path).to.equal(status);
      expect(reply.data, path).to.include(`<h1>${title}</h1>`);
    }
    const api = await get('/internal/v1/mails?page=2');
    expect(api.headers['content-type']).to.include('application/problem+json');
  });

  it('are for admins only', async () => {
    for (const path of ['/mailbox', `/mailbox/${accountId}`, '/internal/v1/mails']) {
      expect((await get(path, 'customer')).status, path).to.equal(403);
    }
    expect((await get(`/mailbox/${accountId}`)).status).to.equal(404);
    expect((await get('/mailbox')).data).to.include('No mails yet');
  });
});

/** As much of an SMTP server as a client needs to hand over a message. */
async function startSmtp(): Promise<{ smtp: Server; url: string; messages: string[] }> {
  const messages: string[] = [];
  const smtp = createServer((socket: Socket) => {
    let message: string | undefined;
    socket.write('220 test\r\n');
    socket.on('data', (chunk) => {
      for (const line of String(chunk).split('\r\n')) {
        if (message !== undefined) {
          if (line === '.') {
            messages.push(message);
            message = undefined;
            socket.write('250 ok\r\n');
          } else message += `${line}\n`;
        } else if (/^DATA/i.test(line)) {
          message = '';
          socket.write('354 go\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else if (line !== '') socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const address = smtp.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { smtp, url: `smtp://127.0.0.1:${port}`, messages };
}
