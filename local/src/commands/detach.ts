import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { lastLines } from '../logs/tail.ts';
import { eachLine } from '../process/lines.ts';
import { EngineError } from '../engine-error.ts';
import { formatLinks } from '../ui/links.ts';
import { printJson, type Invocation } from './command.ts';

const readyDocument = z.object({
  links: z.record(z.string(), z.string()),
  notes: z.array(z.string()),
  data_dir: z.string(),
  pid: z.int(),
});

/** Runs `up` in a process of its own; returns when it is ready. */
export async function startDetached(invocation: Invocation): Promise<number> {
  const { terminal, dataDir } = invocation;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = join(dataDir, 'engine.log');
  const log = openSync(logFile, 'w');
  const program = fileURLToPath(new URL('../../bin/faultline.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, 'up', '--json', ...repeatFlags(invocation)], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
    env: { ...invocation.env },
  });
  const { stdout } = child;
  const answer = await new Promise<string | undefined>((resolve) => {
    if (stdout !== null) eachLine(stdout, resolve);
    child.on('exit', () => resolve(undefined));
  });
  if (answer === undefined) {
    throw new EngineError((await lastLines(logFile, 30)).join('\n').replace(/^faultline: /, ''));
  }
  child.unref();
  stdout?.destroy();
  const ready = readyDocument.parse(JSON.parse(answer));
  if (invocation.json) printJson(invocation, ready);
  else
    terminal.out(`${[...formatLinks(ready.links, terminal.paint), ...ready.notes].join('\n')}\n`);
  return 0;
}

function repeatFlags({ flags, root, dataDir }: Invocation): string[] {
  const passedOn = ['ports', 'host', 'set', 'rollout-interval', 'skip-check'].flatMap((name) =>
    [flags[name] ?? []].flat().map((value) => `--${name}=${String(value)}`),
  );
  const switches = ['bare', 'flagger', 'autoscale'].filter((name) => flags[name] === true);
  return [
    ...passedOn,
    ...switches.map((name) => `--${name}`),
    `--root=${root}`,
    `--data-dir=${dataDir}`,
  ];
}
