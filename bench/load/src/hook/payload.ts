import { parseGoDuration } from '@faultline/mesh-core/duration';
import { z } from 'zod';

const durationMsMax = 3_600_000;

/** A length of time as Flagger's resources write it. */
const duration = z.string().transform((text, context): number => {
  const ms = parseGoDuration(text);
  if (ms !== undefined && ms >= 1_000 && ms <= durationMsMax) return ms;
  context.addIssue(`expected a duration from 1s to 1h, not '${text}'`);
  return z.NEVER;
});

/**
 * What Flagger posts to a webhook. Metadata are strings; ours say how many requests a second are to
 * come, and for how long.
 */
export const payload = z.object({
  name: z.string().min(1),
  namespace: z.string().min(1),
  phase: z.string(),
  checksum: z.string().default(''),
  metadata: z
    .strictObject({
      rps: z
        .string()
        .regex(/^\d+(\.\d+)?$/, 'expected a number')
        .transform(Number)
        .refine((rps) => rps > 0 && rps <= 1_000, 'expected a number above 0, up to 1000')
        .prefault('20'),
      duration: duration.prefault('1m'),
    })
    .prefault({}),
});

export type Payload = z.output<typeof payload>;
