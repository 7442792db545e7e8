import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { searchResult } from '@faultline/contracts/catalog';
import axios from 'axios';
import { connectEngine } from '../local/src/control/client.ts';
import type { Environment } from '../local/src/config.ts';
import { eachLine } from '../local/src/process/lines.ts';
import type { Status } from '../local/src/status.ts';
import { familyOf, type ProcessMemory } from './processes.ts';
import type { Component, Start } from './report.ts';

export type StartOptions = {
  root: string;
  dataDir: string;
  env: Environment;
  /** `CONFIGMAP.KEY=VALUE` */
  set: readonly string[];
  /** How long to wait for the seed's pictures. */
  picturesMs: number;
};

/** Starts the system as a user does, measures, and stops it. */
export async function measureStart(options: StartOptions): Promise<Start> {
  const startedMs = systemClock.monotonic();
  const elapsedMs = () => systemClock.monotonic() - startedMs;
  const system = launch(options);
  try {
    const shop = await system.ready;
    const readyMs = elapsedMs();
    await axios.get(shop, { proxy: false, timeout: 30_000 });
    const firstPageMs = elapsedMs();
    const pictured = await untilPictured(shop, options.picturesMs);
    const picturesMs = pictured ? elapsedMs() : null;
    const engine = await connectEngine(options.dataDir);
    const status = await engine.call('status', { secrets: false });
    return { readyMs, firstPageMs, picturesMs, components: weigh(engine.pid, status) };
  } finally {
    await system.stop();
  }
}

/** Runs `faultline up`; `ready` resolves to the shop's address. */
function launch({ root, dataDir, env, set }: StartOptions) {
  const flags = ['--ports', 'auto', '--data-dir', dataDir, '--json'];
  const settings = set.flatMap((setting) => ['--set', setting]);
  const command = [join(root, 'local/bin/faultline.mjs'), 'up', ...flags, ...settings];
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  eachLine(child.stderr, (line) => said.push(line));
  const exited = once(child, 'exit');
  const ready = new Promise<string>((resolve, reject) => {
    eachLine(child.stdout, (line) => resolve(JSON.parse(line).links.Shop));
    void exited.then(() => reject(new Error(`faultline up ended:\n${said.join('\n')}`)));
  });
  return {
    ready,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Whether every product has got its picture in time. */
async function untilPictured(shop: string, timeoutMs: number): Promise<boolean> {
  const url = `${shop}api/v1/products?limit=100`;
  const check = async () => {
    const { data } = await axios.get<unknown>(url, { proxy: false });
    const { items } = searchResult.parse(data);
    return items.every(({ images }) => (images[0]?.renditions.length ?? 0) > 0);
  };
  const untilMs = systemClock.monotonic() + timeoutMs;
  while (systemClock.monotonic() < untilMs) {
    if (await check()) return true;
    await systemClock.sleep(250);
  }
  return false;
}

type Owner = Pick<Component, 'name' | 'group'>;

function inherited({ command, parent }: ProcessMemory, owners: ReadonlyMap<number, Owner>): Owner {
  if (command === 'prometheus') return { name: command, group: 'prometheus' };
  return owners.get(parent) ?? { name: command, group: 'engine' };
}

/** The engine's process and all below it, by what they belong to. */
function weigh(enginePid: number, status: Status): Component[] {
  const owners = new Map<number, Owner>([[enginePid, { name: 'engine', group: 'engine' }]]);
  for (const { name, instances } of status.services) {
    for (const { pid, proxy_pid } of instances) {
      if (pid !== null) owners.set(pid, { name, group: 'service' });
      if (proxy_pid !== null) owners.set(proxy_pid, { name: 'mesh proxies', group: 'mesh' });
    }
  }
  for (const { name, pid } of status.stores) {
    if (pid !== null) owners.set(pid, { name, group: 'store' });
  }
  const components = new Map<string, Component>();
  for (const one of familyOf(enginePid)) {
    // Parents come first, so each process without an owner gets its parent's.
    const owner = owners.get(one.pid) ?? inherited(one, owners);
    owners.set(one.pid, owner);
    const known = components.get(owner.name) ?? { ...owner, processes: 0, mb: 0 };
    const { processes, mb } = known;
    components.set(owner.name, { ...known, processes: processes + 1, mb: mb + one.kB / 1024 });
  }
  return [...components.values()];
}
