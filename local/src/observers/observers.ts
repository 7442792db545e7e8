import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '@faultline/chassis/clock';
import type { Environment } from '../config.ts';
import { LogWriter } from '../logs/writer.ts';
import { choosePrometheus, type PrometheusChoice } from '../metrics/find.ts';
import { startPrometheus, type Prometheus } from '../metrics/prometheus.ts';
import { toTargets, type TargetGroup } from '../metrics/targets.ts';
import { TargetsFile, targetsPath } from '../metrics/targets-file.ts';
import type { Pod } from '../pods/pod.ts';
import type { ProcessGuard } from '../process/guard.ts';
import { Store, type StoreServer } from '../stores/store.ts';
import type { Change } from './change.ts';
import type { ObserverPorts } from './ports.ts';
import { scrapedPod } from './scraped-pod.ts';
import { startTraceStore } from './trace-store.ts';

export type ObserversOptions = {
  dataDir: string;
  logsDir: string;
  compileCacheDir: string;
  /** Where the engine can be asked; the console passes on what people ask there. */
  controlSocket: string;
  ports: ObserverPorts;
  env: Environment;
  clock: Clock;
  guard: ProcessGuard;
  onChange(store: Store, reason?: string): void;
  /** Called when Prometheus cannot be told what there is; it goes on with what it was told last. */
  onProblem(reason: string): void;
};

/**
 * What watches the shop: the trace store and Prometheus. They start beside it and nothing waits for
 * them; without one of them the shop goes on, and says so.
 */
export class Observers {
  /** For the people who start the system. */
  readonly notes: string[] = [];
  readonly #options: ObserversOptions;
  readonly #choice: PrometheusChoice;
  readonly #traces: Store | undefined;
  readonly #prometheus: Store<Prometheus> | undefined;
  readonly #targets: TargetsFile;
  readonly #token = randomBytes(24).toString('base64url');
  readonly #logs: LogWriter[] = [];
  /** Why the targets could not be written last; empty when they were. */
  #problem = '';

  constructor(options: ObserversOptions) {
    this.#options = options;
    const { env, dataDir, clock, guard, ports, onChange } = options;
    this.#choice = choosePrometheus(env);
    if (this.#choice.kind === 'none') this.notes.push(this.#choice.note);
    const dir = join(dataDir, 'prometheus');
    this.#targets = new TargetsFile(dir);
    // Whoever names a collector of his own gets the spans, and looks at them there.
    if (env['OTEL_EXPORTER_OTLP_ENDPOINT'] === undefined) {
      const log = this.#openLog('traces');
      this.#traces = new Store<StoreServer>({
        name: 'traces',
        port: ports.traces.query,
        clock,
        launch: () => this.#launchTraces(log),
        onChange,
      });
    }
    if (this.#choice.kind === 'local') {
      const log = this.#openLog('prometheus');
      this.#prometheus = new Store<Prometheus>({
        name: 'prometheus',
        port: ports.prometheus,
        clock,
        launch: (port) => startPrometheus({ dir, port, guard, clock, log }),
        onChange,
      });
    }
  }

  get all(): readonly Store[] {
    return [this.#traces, this.#prometheus].filter((one) => one !== undefined);
  }

  /** Where spans go; undefined when somebody else takes them. */
  get otlpUrl(): string | undefined {
    return this.#traces && `http://127.0.0.1:${this.#options.ports.traces.otlp}`;
  }

  /** Where metrics are asked for; undefined without a Prometheus. */
  get prometheusUrl(): string | undefined {
    return this.#prometheusUrl('127.0.0.1');
  }

  /** Link name → URL. */
  get links(): Record<string, string> {
    const { ports } = this.#options;
    const prometheus = this.#prometheusUrl('localhost');
    return {
      ...(this.#traces && {
        Console: `http://localhost:${ports.traces.console}/`,
        Traces: `http://localhost:${ports.traces.query}/`,
      }),
      ...(prometheus !== undefined && { Prometheus: prometheus }),
    };
  }

  #prometheusUrl(host: string): string | undefined {
    if (this.#choice.kind === 'external') return this.#choice.url;
    return this.#prometheus && `http://${host}:${this.#options.ports.prometheus}/`;
  }

  /** Starts them; resolves when each serves or has failed, which a note tells. */
  async start(): Promise<void> {
    await Promise.all(
      this.all.map(async (store) => {
        try {
          await store.start();
        } catch (error) {
          this.notes.push(`${store.name} did not start: ${String(error)}`);
          this.#options.onChange(store, String(error));
        }
      }),
    );
  }

  /** The pods that are there now, for Prometheus. Never rejects: the shop goes on without it. */
  async show(pods: readonly Pod[]): Promise<void> {
    let problem = '';
    try {
      await this.#targets.write(this.#targetsOf(pods));
    } catch (error) {
      problem = `write the targets: ${error instanceof Error ? error.message : String(error)}`;
    }
    // While it stays the same it is no news.
    if (problem !== '' && problem !== this.#problem) this.#options.onProblem(problem);
    this.#problem = problem;
  }

  #targetsOf(pods: readonly Pod[]): TargetGroup[] {
    const { admin } = this.#options.ports.traces;
    const traces = { name: 'trace-store', version: '1.0.0', url: `http://127.0.0.1:${admin}` };
    const programs = this.#traces === undefined ? [] : [traces];
    // Before it was ready for the first time an app is not missed; after that it is.
    const known = pods.map((pod) => {
      return pod.wasReady ? scrapedPod(pod) : { ...scrapedPod(pod), adminUrl: undefined };
    });
    return toTargets(known, programs);
  }

  /** Tells the analysis what was done to the system; it does not matter whether it hears. */
  noteChange(change: Change): void {
    if (this.#traces?.ready !== true) return;
    const { query: port } = this.#options.ports.traces;
    const at = new Date(this.#options.clock.now()).toISOString();
    void fetch(`http://127.0.0.1:${port}/api/changes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ at, ...change }),
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((store) => store.stop()));
    await Promise.all(this.#logs.map((log) => log.close()));
  }

  #launchTraces(log: (line: string) => void): Promise<StoreServer> {
    const { dataDir, ports, clock, guard, compileCacheDir, controlSocket } = this.#options;
    return startTraceStore({
      dir: join(dataDir, 'traces'),
      ports: ports.traces,
      env: {
        NODE_COMPILE_CACHE: compileCacheDir,
        ENGINE_SOCKET: controlSocket,
        PROMETHEUS_URL: this.#prometheusUrl('127.0.0.1') ?? '',
      },
      targetsFile: targetsPath(join(dataDir, 'prometheus')),
      token: this.#token,
      log,
      clock,
      guard,
    });
  }

  #openLog(name: string): (line: string) => void {
    const log = new LogWriter(join(this.#options.logsDir, name, `${name}.log`));
    this.#logs.push(log);
    return (line) => void log.write(`${line}\n`);
  }
}
