import type { SagaStep } from './machine.ts';

const steps = [
  'reserve',
  'authorize',
  'commit',
  'capture',
  'void',
  'refund',
  'release',
] as const satisfies readonly SagaStep[];

const places = ['before-call', 'after-call', 'after-commit'] as const;

export type OrdersCrashPoint =
  | 'order.before-insert'
  | 'order.after-insert'
  | 'order.before-reply'
  | `saga.${SagaStep}.${(typeof places)[number]}`;

/** Every named point of this service at which a test may end its process. */
export const crashPoints: readonly OrdersCrashPoint[] = [
  'order.before-insert',
  'order.after-insert',
  ...steps.flatMap((step) => places.map((place): OrdersCrashPoint => `saga.${step}.${place}`)),
  'order.before-reply',
];
