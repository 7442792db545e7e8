import type { Random } from '@faultline/mesh-core/random';
import type { ControlMessage, ProxySnapshot, WireIdentity } from '@faultline/mesh-core/snapshot';
import { adminHandler } from './admin.ts';
import { type Clock, every } from './clock.ts';
import type { Config } from './config.ts';
import { DecisionLog } from './decisions.ts';
import type { Deps } from './deps.ts';
import { createKeyAndRequest } from './identity/csr.ts';
import { identityName, renewAfterMs } from './identity/renewal.ts';
import { LIMITS, type Limits } from './limits.ts';
import type { Log } from './log.ts';
import { observeProcess } from './metrics/process.ts';
import { Registry } from './metrics/registry.ts';
import { TcpSeriesMap } from './metrics/tcp.ts';
import type { Address } from './net/address.ts';
import { listenAdmin } from './net/admin-port.ts';
import { ControlClient } from './net/control-client.ts';
import { InboundPort } from './net/inbound-port.ts';
import type { Listener } from './net/listener.ts';
import { OutboundPort } from './net/outbound-port.ts';
import { TcpTarget } from './net/tcp-target.ts';
import { createCredentials, type Credentials } from './net/tls.ts';
import { checkPatterns } from './routes.ts';
import { Services } from './services.ts';
import type { Tracer } from './tracing.ts';

const SWEEP_MS = 1_000;

export type ProxyDeps = {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Limits;
  readonly tracer?: Tracer | undefined;
  /** Called when the proxy has ended by itself: `POST /shutdown`, or the control plane refused it. */
  readonly onEnd: (reason: 'shutdown' | 'refused') => void;
};

/**
 * One sidecar: listens once it has an identity and a first snapshot, then serves by the last one it
 * got, whether or not the control plane lives.
 */
export class Proxy {
  readonly #options: ProxyDeps;
  readonly #deps: Deps;
  readonly #services: Services;
  readonly #outbound: OutboundPort;
  readonly #inbound: readonly InboundPort[];
  readonly #control: ControlClient;
  readonly #key: ReturnType<typeof createKeyAndRequest>;
  readonly #name: string;
  readonly #stopSweep: () => void;
  readonly #tcp = new Map<string, TcpTarget>();
  #credentials: Credentials | undefined;
  #notAfterMs = 0;
  #certifiedMs = 0;
  #cancelRenewal: (() => void) | undefined;
  #snapshot: ProxySnapshot | undefined;
  #listening: Promise<void> | undefined;
  #ready = false;
  #stopped: Promise<void> | undefined;
  #admin: Listener | undefined;

  constructor(options: ProxyDeps) {
    const { config, clock, random, log, tracer } = options;
    this.#options = options;
    this.#name = identityName(config.account, config.namespace);
    this.#key = createKeyAndRequest(this.#name);
    const registry = new Registry(() => clock.monotonic());
    this.#deps = {
      clock,
      random,
      log,
      tracer,
      registry,
      tcp: new TcpSeriesMap(registry),
      decisions: new DecisionLog(),
      limits: options.limits ?? LIMITS,
      credentials: () => this.#requireCredentials(),
    };
    this.#services = new Services(this.#deps, config.namespace);
    this.#outbound = new OutboundPort(config.outbound, this.#services, this.#deps);
    this.#inbound = config.inbound.map((port) => new InboundPort(port, this.#deps));
    const { instance, token } = config;
    this.#control = new ControlClient({
      address: config.controlSocket,
      hello: { type: 'hello', instance, token, csrPem: this.#key.csrPem },
      clock,
      random,
      log,
      onMessage: (message) => this.#receive(message),
    });
    this.#stopSweep = every(clock, SWEEP_MS, () => this.#sweep());
    observeProcess(registry, {
      clock,
      certificate: () => ({ refreshedMs: this.#certifiedMs, notAfterMs: this.#notAfterMs }),
    });
  }

  /** Serves the admin port and connects to the control plane; the rest follows from what that says. */
  async start(): Promise<void> {
    const { decisions, registry, log } = this.#deps;
    const handler = adminHandler({
      registry,
      log,
      decisions,
      services: this.#services,
      isReady: () => this.#ready && !this.#stopped,
      status: () => this.#status(),
      snapshot: () => this.#snapshot ?? null,
      shutdown: () => this.#options.onEnd('shutdown'),
    });
    this.#admin = await listenAdmin(this.#options.config.admin, handler, this.#deps);
    this.#control.connect();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Where everything listens, once `ready`. */
  get addresses(): { outbound: Address; admin: Address | undefined; inbound: readonly Address[] } {
    return {
      outbound: this.#outbound.address,
      admin: this.#admin?.address,
      inbound: this.#inbound.map(({ address }) => address),
    };
  }

  /** Finishes what is under way, for at most `graceMs`, then cuts the rest. Further calls wait for the first. */
  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(this.#deps.clock.monotonic() + graceMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#control.close();
    this.#cancelRenewal?.();
    await this.#listening;
    const drain = { idleMs: this.#deps.limits.drainIdleMs, deadlineMs };
    // The app may need its neighbours and stores to finish what came in: they go last.
    await Promise.all(this.#inbound.map((port) => port.close(drain)));
    await this.#outbound.close({ idleMs: 0, deadlineMs });
    await Promise.all([...this.#tcp.values()].map((target) => target.close(deadlineMs)));
    this.#services.close();
    this.#stopSweep();
    await this.#admin?.drain({ idleMs: 0, deadlineMs: this.#deps.clock.monotonic() });
  }

  #receive(message: ControlMessage): void {
    switch (message.type) {
      case 'identity':
        this.#certify(message.identity);
        break;
      case 'snapshot':
        this.#apply(message.snapshot);
        break;
      case 'refused':
        this.#deps.log.write('error', 'the control plane refused this proxy', {
          reason: message.reason,
        });
        if (!this.#ready) this.#options.onEnd('refused');
    }
  }

  #certify({ chainPem, anchorsPem, notAfterMs }: WireIdentity): void {
    const { clock, registry, log } = this.#deps;
    const { keyPem } = this.#key;
    const refreshes = (result: string) =>
      registry.counter('control_identity_cert_refreshes_total', 'Certificates asked for.', {
        result,
      });
    try {
      this.#credentials = createCredentials({ name: this.#name, keyPem, chainPem, anchorsPem });
      this.#notAfterMs = notAfterMs;
      this.#certifiedMs = clock.now();
      refreshes('ok').value++;
    } catch (error) {
      refreshes('error').value++;
      log.write('error', 'the certificate cannot be used', { error: String(error) });
    }
    this.#renewLater(renewAfterMs(this.#notAfterMs, clock.now()));
    this.#listenWhenReady();
  }

  #renewLater(ms: number): void {
    this.#cancelRenewal?.();
    this.#cancelRenewal = this.#deps.clock.after(ms, () => {
      this.#control.send({ type: 'certify', csrPem: this.#key.csrPem });
      // Without an answer it is asked for again in the same rhythm.
      this.#renewLater(renewAfterMs(this.#notAfterMs, this.#deps.clock.now()));
    });
  }

  #apply(snapshot: ProxySnapshot): void {
    try {
      checkPatterns(snapshot);
      this.#services.apply(snapshot);
      for (const port of this.#inbound) port.apply(snapshot);
    } catch (error) {
      this.#deps.log.write('error', 'a snapshot cannot be applied', { error: String(error) });
      return;
    }
    this.#snapshot = snapshot;
    this.#control.send({ type: 'applied', version: snapshot.version });
    if (this.#ready) void this.#applyTcp(snapshot);
    this.#listenWhenReady();
  }

  #listenWhenReady(): void {
    if (!this.#credentials || !this.#snapshot) return;
    this.#listening ??= this.#listen(this.#snapshot);
  }

  async #listen(snapshot: ProxySnapshot): Promise<void> {
    try {
      await Promise.all([this.#outbound.listen(), ...this.#inbound.map((port) => port.listen())]);
      await this.#applyTcp(snapshot);
      this.#ready = true;
    } catch (error) {
      this.#deps.log.write('error', 'the proxy cannot listen', { error: String(error) });
      this.#options.onEnd('refused');
    }
  }

  async #applyTcp({ tcpTargets, faults }: ProxySnapshot): Promise<void> {
    const wanted = new Set(tcpTargets.map((target) => JSON.stringify(target)));
    for (const [key, target] of this.#tcp) {
      if (wanted.has(key)) continue;
      this.#tcp.delete(key);
      void target.close(this.#deps.clock.monotonic());
    }
    for (const wire of tcpTargets) {
      const key = JSON.stringify(wire);
      if (this.#tcp.has(key)) continue;
      const target = new TcpTarget(wire, this.#deps);
      this.#tcp.set(key, target);
      await target.listen();
    }
    for (const target of this.#tcp.values()) target.faults = faults;
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonic();
    this.#services.sweep(nowMs);
    for (const port of this.#inbound) port.sweep(nowMs);
  }

  #requireCredentials(): Credentials {
    if (!this.#credentials) throw new Error('use credentials before the first certificate');
    return this.#credentials;
  }

  #status(): Record<string, unknown> {
    return {
      instance: this.#options.config.instance,
      identity: this.#name,
      certificateNotAfterMs: this.#notAfterMs,
      controlConnected: this.#control.connected,
      snapshotVersion: this.#snapshot?.version,
    };
  }
}
