import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { followFiles } from '../logs/follow.ts';
import { mergeLogs } from '../logs/merge.ts';
import { prettyLine } from '../logs/pretty.ts';
import { lastLines } from '../logs/tail.ts';
import { EngineError } from '../engine-error.ts';
import { textFlag, UsageError, wholeNumber, type Command, type Invocation } from './command.ts';

export const logs: Command = {
  name: 'logs',
  args: '<service>',
  summary: 'Show what a service’s instances (or a store) wrote',
  example: 'faultline logs orders -f --tail 20',
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on showing lines as they are written' },
    instance: { type: 'string', help: 'of one instance only' },
    proxy: { type: 'boolean', help: 'of the sidecars instead' },
    tail: { type: 'string', help: 'how many lines back (default 100)' },
  },
  async run(invocation) {
    const [service = ''] = invocation.args;
    const tail = wholeNumber('--tail', textFlag(invocation, 'tail') ?? '100');
    const instance = textFlag(invocation, 'instance');
    const folder = join(invocation.dataDir, 'logs', service);
    const isProxy = invocation.flags['proxy'] === true;
    const list = () => listLogs(folder, { instance, isProxy });
    await checkNames(invocation, { service, instance, files: await list() });
    const print = (path: string, text: string) => printLine(invocation, instanceOf(path), text);
    const files = await list();
    const histories = await Promise.all(
      files.map(async (path) => ({ instance: path, lines: await lastLines(path, tail) })),
    );
    const merged = mergeLogs(histories);
    for (const line of tail === 0 ? [] : merged.slice(-tail)) print(line.instance, line.text);
    if (invocation.flags['follow'] === true) {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      await followFiles({ list, onLine: print, clock: systemClock, signal: stop.signal });
    }
    return 0;
  },
};

async function listLogs(
  folder: string,
  { instance, isProxy }: { instance: string | undefined; isProxy: boolean },
): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const suffix = isProxy ? '.proxy.log' : '.log';
  return names
    .filter((name) => name.endsWith(suffix) && name.endsWith('.proxy.log') === isProxy)
    .filter((name) => instance === undefined || name === `${instance}${suffix}`)
    .map((name) => join(folder, name));
}

async function checkNames(
  { dataDir }: Invocation,
  asked: { service: string; instance: string | undefined; files: readonly string[] },
): Promise<void> {
  const services = await readdir(join(dataDir, 'logs')).catch((): string[] => []);
  if (services.length === 0) throw new EngineError(`there are no logs in ${dataDir}`);
  if (!services.includes(asked.service)) {
    const known = services.toSorted().join(', ');
    throw new UsageError(`no logs of a service '${asked.service}'; expected one of: ${known}`);
  }
  if (asked.files.length > 0) return;
  const folder = join(dataDir, 'logs', asked.service);
  const files = await listLogs(folder, { instance: undefined, isProxy: false });
  const known = files.map(instanceOf).join(', ');
  throw new UsageError(`no logs of an instance '${asked.instance}'; expected one of: ${known}`);
}

function instanceOf(path: string): string {
  return basename(path, '.log');
}

function printLine({ terminal, json }: Invocation, instance: string, text: string): void {
  if (json) return terminal.out(`${JSON.stringify({ instance, line: text })}\n`);
  const shown = terminal.interactive ? prettyLine(text, terminal.paint) : text;
  terminal.out(`${terminal.paint('cyan', instance)} ${shown}\n`);
}
