import { signal } from '@preact/signals';
import { CallError, hasPart, postEngine } from './api.ts';

// What can be asked of the local engine. In a cluster there is none, and the console says so.

export type InstanceStatus = {
  readonly name: string;
  readonly version: string;
  readonly pid: number | null;
  readonly ready: boolean;
  readonly restarts: number;
  readonly state: string;
};

export type ServiceStatus = {
  readonly name: string;
  readonly version: string;
  readonly replicas: number;
  readonly instances: readonly InstanceStatus[];
};

export type EngineStatus = {
  readonly services: readonly ServiceStatus[];
  readonly stores: readonly { readonly name: string; readonly ready: boolean }[];
  readonly links: Readonly<Record<string, string>>;
};

export type Fault = {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly share: number;
  readonly method?: string;
  readonly path?: string;
  readonly effect: Readonly<Record<string, unknown>>;
  readonly started_at: string;
  readonly ends_at: string;
  readonly remaining_ms: number;
};

export type FaultSpec = Readonly<Record<string, string | number>> & {
  readonly kind: string;
  readonly target: string;
};

/** Whether there is an engine to ask. */
export const engineState = signal<'present' | 'absent'>(hasPart('engine') ? 'present' : 'absent');

export const engine = {
  status: () => ask<EngineStatus>('status', { secrets: false }),
  faults: () => ask<Fault[]>('fault-list', {}),
  addFault: (spec: FaultSpec) => ask<Fault>('fault-add', spec),
  clearFault: (id?: string) => ask<Fault[]>('fault-clear', id === undefined ? {} : { id }),
  scale: (service: string, replicas: number) => ask<ServiceStatus>('scale', { service, replicas }),
  restart: (target: string, now: boolean) => ask<EngineStatus>('restart', { target, now }),
  mesh: <T>(view: 'routes' | 'policy' | 'identity') => ask<T>('mesh', { view }),
};

/** Any call of the engine's control socket that the console's server lets through. */
export async function ask<T>(call: string, input: object): Promise<T> {
  try {
    const reply = await postEngine<T>(call, input);
    engineState.value = 'present';
    return reply;
  } catch (error) {
    // 501: this console was started without an engine.
    if (error instanceof CallError && error.status === 501) engineState.value = 'absent';
    throw error;
  }
}
