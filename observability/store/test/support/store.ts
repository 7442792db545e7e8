import { systemClock } from '@faultline/chassis/clock';
import { silentLog } from '@faultline/chassis/testing/log';
import { loadConfig, type StoreConfig } from '../../src/config.ts';
import { type RunningStore, startStore, type StoreDeps } from '../../src/store.ts';
import { type OtlpSpan, request, type Whose } from './otlp.ts';

/** A store on free loopback ports, with ways to fill and to ask it. */
export type TestStore = RunningStore &
  AsyncDisposable & {
    /** Sends spans as OTLP/JSON and expects them to be taken. */
    send(spans: readonly OtlpSpan[], whose?: Whose): Promise<void>;
    /** Asks the query API. */
    get(path: string): Promise<{ status: number; body: Json; type: string | null }>;
    post(path: string, body?: string): Promise<{ status: number; body: Json }>;
  };

/** What a test finds in an answer is what it looks for. */
export type Json = ReturnType<typeof JSON.parse>;

export type TestStoreOptions = Partial<StoreConfig> & Pick<StoreDeps, 'sinks' | 'addRoutes'>;

/** Starts a store in this process. */
export async function startTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const { sinks, addRoutes, ...config } = options;
  const anywhere = { host: '127.0.0.1', port: 0 };
  const store = await startStore({
    config: {
      ...loadConfig({}),
      listenQuery: anywhere,
      listenOtlp: anywhere,
      listenAdmin: anywhere,
      shutdownTimeoutMs: 500,
      ...config,
    },
    clock: systemClock,
    log: silentLog,
    ...(sinks ? { sinks } : {}),
    ...(addRoutes ? { addRoutes } : {}),
  });
  return {
    ...store,
    async send(spans, whose) {
      const answer = await fetch(`${store.otlpUrl}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request(spans, whose)),
      });
      const text = await answer.text();
      if (text !== '{}') throw new Error(`the spans were not taken: ${answer.status} ${text}`);
    },
    async get(path) {
      const answer = await fetch(store.queryUrl + path);
      const body = parse(await answer.text());
      return { status: answer.status, body, type: answer.headers.get('content-type') };
    },
    async post(path, body = '') {
      const answer = await fetch(store.queryUrl + path, { method: 'POST', body });
      return { status: answer.status, body: parse(await answer.text()) };
    },
    [Symbol.asyncDispose]: () => store.stop(),
  };
}

function parse(text: string): Json {
  return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
}
