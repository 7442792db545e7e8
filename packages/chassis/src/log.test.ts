import { expect } from 'chai';
import { AxiosError, AxiosHeaders } from 'axios';
import { DependencyError } from './http-client.ts';
import { createLogger, type Logger } from './log.ts';

const config = {
  SERVICE_NAME: 'orders',
  SERVICE_VERSION: '1.2.3',
  POD_NAME: 'orders-1',
  LOG_LEVEL: 'info',
};
const secret = 'CANARY-5f1c';

describe('the log', () => {
  let lines: string[];
  let log: Logger;
  beforeEach(() => {
    lines = [];
    log = createLogger(config, { write: (line) => void lines.push(line) });
  });
  const last = () => JSON.parse(lines.at(-1) ?? '');

  it('is one JSON object a line that says who speaks and when', () => {
    log.info({ order: 7 }, 'placed\nover two lines');
    expect(lines).to.have.length(1);
    expect(lines[0]?.trimEnd()).not.to.include('\n');
    expect(last()).to.include({
      level: 'info',
      service: 'orders',
      version: '1.2.3',
      instance: 'orders-1',
      order: 7,
      msg: 'placed\nover two lines',
    });
    expect(last().time).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('says nothing below its level', () => {
    log.debug('whisper');
    expect(lines).to.deep.equal([]);
  });

  const places: [where: string, fields: object][] = [
    ['at the top', { password: secret }],
    ['in an object', { body: { token: secret } }],
    ['far down', { a: { b: { c: { d: { cookie: secret } } } } }],
    ['in a list', { items: [{ card: secret }, { email: secret }] }],
    ['as a whole object', { authorization: { scheme: 'Bearer', value: secret } }],
    ['under a name in snake_case', { refresh_token: secret, card_number: secret }],
    ['under a name in camelCase', { accessToken: secret, clientSecret: secret }],
    ['under a name of a header', { headers: { Authorization: secret, 'Set-Cookie': [secret] } }],
    ['in plural', { tokens: [secret], cookies: secret }],
    ['without a prototype', { o: Object.assign(Object.create(null), { password: secret }) }],
    ['behind toJSON', { headers: new AxiosHeaders({ Cookie: secret }) }],
  ];
  for (const [where, fields] of places) {
    it(`hides a secret ${where}`, () => {
      log.info(fields, 'tried');
      expect(lines.join()).not.to.include(secret);
      expect(lines.join()).to.include('[redacted]');
    });
  }

  it('leaves alone what only looks like a secret, and what is none', () => {
    const fields = { tokenizer: 'utf8', discarded: 1, at: new Date(0), ok: true, none: null };
    log.info(fields);
    expect(last()).to.deep.include({ ...fields, at: '1970-01-01T00:00:00.000Z' });
  });

  it('shows an error with its stack, code and causes, and nothing that hangs on it', () => {
    const request = {
      url: '/sessions',
      headers: new AxiosHeaders({ authorization: secret }),
      data: JSON.stringify({ password: secret }),
    };
    const cause = new AxiosError('connect ECONNREFUSED', 'ECONNREFUSED', request);
    log.error({ err: new DependencyError({ dependency: 'profiles', failure: 'refused', cause }) });
    expect(lines.join()).not.to.include(secret);
    const { err } = last();
    expect(err).to.include({
      type: 'DependencyError',
      message: 'The service profiles is not available.',
      code: 'unavailable',
    });
    expect(err.stack).to.include('log.test.ts');
    expect(err.cause).to.include({ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' });
    expect(err.cause).to.have.all.keys('type', 'message', 'stack', 'code');
  });

  it('shows an error that is logged by itself, or under another name, the same way', () => {
    const error = Object.assign(new Error('broke'), { config: { data: secret } });
    log.error(error);
    expect(last().err).to.include({ message: 'broke' });
    log.error({ reason: error });
    expect(last().reason).to.include({ type: 'Error', message: 'broke' });
    expect(lines.join()).not.to.include(secret);
  });

  it('ends where objects go in circles', () => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    log.info(circle, 'round');
    expect(lines.join()).to.include('[too deep]');
  });
});
