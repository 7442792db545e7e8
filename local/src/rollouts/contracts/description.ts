import { z } from 'zod';

const schema = z.record(z.string(), z.unknown());

const operation = z.object({
  id: z.string(),
  method: z.string(),
  path: z.string(),
  /** The parts of a request, as the server takes them. */
  request: z.record(z.enum(['params', 'query', 'headers', 'body']), schema.nullable()),
  /** By status, as a client takes them; null without a JSON body. */
  replies: z.record(z.string(), schema.nullable()),
});

const eventType = z.object({ version: z.number(), data: schema });

/** What one contract file promises, by the names it exports. */
const contractDescription = z.object({
  operations: z.record(z.string(), operation),
  events: z.record(z.string(), z.record(z.string(), eventType)),
});
export type ContractDescription = z.output<typeof contractDescription>;

/** All contract files of a source tree, by name. */
export const contractsDescription = z.record(z.string(), contractDescription);
export type ContractsDescription = z.output<typeof contractsDescription>;
export type OperationDescription = z.output<typeof operation>;
