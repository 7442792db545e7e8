import { connectEngine } from '../control/client.ts';
import { EngineError } from '../engine-error.ts';

/** Asks the trace store of the engine that runs on a state directory; answers its JSON. */
export async function askObserver(dataDir: string, path: string): Promise<unknown> {
  const engine = await connectEngine(dataDir);
  const { links } = await engine.call('status', { secrets: false });
  const base = links['Traces'];
  if (base === undefined) {
    throw new EngineError('this system runs without a trace store: nobody watches it');
  }
  const url = new URL(path, base);
  const reply = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const body: unknown = await reply.json().catch(() => undefined);
  if (reply.ok) return body;
  throw new EngineError(`ask ${url.href}: ${reply.status} ${JSON.stringify(body ?? '')}`);
}
