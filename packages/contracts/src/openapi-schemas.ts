import * as catalog from './catalog.ts';
import { money, problem } from './common.ts';
import * as gateway from './gateway.ts';
import * as images from './images.ts';
import * as inventory from './inventory.ts';
import * as orders from './orders.ts';
import * as profiles from './profiles.ts';
import { z } from 'zod';

/** A JSON Schema, or another object of an OpenAPI document. */
export type JsonSchema = { [keyword: string]: unknown };

/** The schemas that get a name in the document; all others stand where they are used. */
const named: ReadonlyMap<z.core.$ZodType, string> = new Map<z.core.$ZodType, string>([
  [problem, 'Problem'],
  [money, 'Money'],
  [catalog.product, 'Product'],
  [catalog.productDraft, 'ProductDraft'],
  [catalog.category, 'Category'],
  [catalog.facet, 'Facet'],
  [gateway.productPage, 'ProductPage'],
  [images.image, 'Image'],
  [images.rendition, 'Rendition'],
  [inventory.stockLevel, 'StockLevel'],
  [orders.order, 'Order'],
  [orders.orderDraft, 'OrderDraft'],
  [profiles.account, 'Account'],
  [profiles.address, 'Address'],
  [profiles.postalAddress, 'PostalAddress'],
  [profiles.session, 'Session'],
]);

/** Those that clients send: what they do not know is refused. */
const sent = new Set(['Money', 'OrderDraft', 'PostalAddress', 'ProductDraft']);

/** A reference to a named schema, or the schema itself. `io`: what goes in, or what comes out. */
export function schemaOf(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const name = named.get(schema);
  return name === undefined ? convert(schema, io) : reference(name);
}

/** The named schemas, for `components`. */
export function namedSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(
    [...named].map(([schema, name]) => [
      name,
      convert(schema, sent.has(name) ? 'input' : 'output'),
    ]),
  );
}

function convert(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...converted }: JsonSchema = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      // Replies may grow: who reads them ignores what he does not know.
      if (io === 'output' && jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
      const name = path.length > 0 ? named.get(zodSchema) : undefined;
      if (name === undefined) return;
      for (const keyword of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, keyword);
      Object.assign(jsonSchema, reference(name));
    },
  });
  return converted;
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
