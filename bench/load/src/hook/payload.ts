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

/** Which canary is meant. */
export const canaryName = z.object({ name: z.string().min(1), namespace: z.string().min(1) });

/** What Flagger posts to any webhook; the checksum is another for each version. */
export const asked = canaryName.extend({ phase: z.string(), checksum: z.string().default('') });

/**
 * What Flagger posts to have load. Metadata are strings; ours say how many requests a second are to
 * come, and for how long.
 */
export const payload = asked.extend({
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

export type CanaryName = z.output<typeof canaryName>;
export type Asked = z.output<typeof asked>;
export type Payload = z.output<typeof payload>;
