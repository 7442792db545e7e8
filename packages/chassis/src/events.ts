import { z } from 'zod';

/**
 * The envelope of every event on a stream: the CloudEvents attributes that matter here. `subject`
 * is the aggregate's id and `sequence` counts its changes from 1.
 */
export const eventEnvelope = z.object({
  id: z.uuid(),
  type: z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9_.-]*$/i, 'expected a type such as order.placed'),
  version: z.number().int().min(1),
  subject: z.string().min(1).max(200),
  sequence: z.number().int().min(0),
  time: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});

export type EventEnvelope = z.output<typeof eventEnvelope>;

/** An event to be written; the outbox adds `id` and `time`. */
export type NewEvent = Pick<EventEnvelope, 'type' | 'version' | 'subject' | 'sequence' | 'data'>;
