import { randomInt } from 'node:crypto';
import { Service } from '@faultline/chassis/service';
import { runLoad } from '../run.ts';
import { mountHooks } from './app.ts';
import { readConfig } from './config.ts';
import { Gate } from './gate.ts';
import { Runs } from './runs.ts';

/* The load generator as webhooks of Flagger's. */
const seedMax = 1_000_000;

const config = readConfig();
const service = new Service(config);
const { log, clock } = service;
const target = config.LOAD_TARGET;
const runs = new Runs({
  clock,
  log,
  load: (what) => runLoad({ ...what, target, seed: randomInt(seedMax) }),
});

const { app, router } = service.app();
mountHooks(router, { runs, gate: new Gate(clock) });
service.lifecycle.onShutdown({ name: 'load', stop: () => runs.end() });
await service.run(app);
