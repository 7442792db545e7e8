import { systemClock } from './clock.ts';
import { loadConfig } from './config.ts';
import { createLog } from './log.ts';
import { SpanExporter } from './net/span-exporter.ts';
import { Proxy } from './proxy.ts';
import { systemRandom } from './random.ts';

const config = loadConfig();
const { instance, otlpEndpoint, spanDelayMs } = config;
const common = {
  clock: systemClock,
  random: systemRandom,
  log: createLog({ level: config.logLevel, instance, now: systemClock.now }, (line) => {
    process.stdout.write(line);
  }),
};
const tracer = otlpEndpoint
  ? new SpanExporter({ ...common, endpoint: new URL(otlpEndpoint), instance, delayMs: spanDelayMs })
  : undefined;

async function stop(): Promise<void> {
  await proxy.stop(config.shutdownGraceMs);
  await tracer?.close();
}

const proxy = new Proxy({
  ...common,
  config,
  tracer,
  onEnd(reason) {
    if (reason === 'refused') process.exitCode = 1;
    void stop();
  },
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());

// Not awaited at the top: as a bundle this is a script. A failure ends the process all the same.
void proxy.start();
