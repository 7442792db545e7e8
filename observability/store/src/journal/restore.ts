import type { Logger } from '@faultline/chassis/log';
import type { Encoded, Resource, Scope } from '../storage/interner.ts';
import type { TraceStore } from '../storage/trace-store.ts';
import type { Frame, SharedMeta } from './frame.ts';
import type { Journal } from './journal.ts';

/**
 * Brings back what earlier runs wrote, the latest first, until the budget is nearly used up. Others
 * have a turn after each block, so that the store serves meanwhile. Resolves to the number of spans.
 */
export async function restore(
  journal: Journal,
  { store, log, signal }: { store: TraceStore; log: Logger; signal: AbortSignal },
): Promise<number> {
  let spans = 0;
  for await (const { generation, frame } of journal.frames()) {
    if (signal.aborted || !store.hasRoom(frame.packed.length)) break;
    try {
      const { packed, rawBytes } = frame;
      spans += store.restore(generation, { ...tablesOf(store, frame), packed, rawBytes });
    } catch (error) {
      log.warn({ err: error }, 'a block of an earlier run cannot be read');
    }
    await new Promise(setImmediate);
  }
  return spans;
}

function tablesOf(store: TraceStore, frame: Frame): { resources: Resource[]; scopes: Scope[] } {
  const { resources, scopes } = frame.tables();
  return {
    resources: resources.map((meta) => store.resources.intern(encodedOf(meta))),
    scopes: scopes.map((meta) => store.scopes.intern(encodedOf(meta))),
  };
}

function encodedOf({ message, schemaUrl }: SharedMeta): Encoded {
  const bytes = Buffer.from(message, 'base64');
  return { bytes, start: 0, end: bytes.length, schemaUrl };
}
