import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { ContractDescription, ContractsDescription } from './description.ts';

/*
 * A program of its own: it runs the contract files of another source tree, of which a process can
 * rid itself only by ending. Prints their description as JSON.
 */
const folder = join(resolve(process.argv[2] ?? '.'), 'packages/contracts/src');
const about: ContractsDescription = {};
// A project may be without contracts.
for (const file of await readdir(folder).catch(() => [])) {
  if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
  const module: Record<string, unknown> = await import(pathToFileURL(join(folder, file)).href);
  about[basename(file, '.ts')] = describeModule(module);
}
process.stdout.write(JSON.stringify(about));

function describeModule(module: Readonly<Record<string, unknown>>): ContractDescription {
  const description: ContractDescription = { operations: {}, events: {} };
  for (const [name, value] of Object.entries(module)) {
    if (isOperation(value)) description.operations[name] = describeOperation(value);
    else if (isEvents(value)) {
      description.events[name] = Object.fromEntries(
        Object.entries(value.types).map(([type, { version, data }]) => [
          type,
          { version, data: toJson(data) },
        ]),
      );
    }
  }
  return description;
}

type Operation = {
  id: string;
  method: string;
  path: string;
  replies: Record<string, z.core.$ZodType | null>;
} & Partial<Record<'params' | 'query' | 'headers' | 'body', z.core.$ZodType>>;

function isOperation(value: unknown): value is Operation {
  return isObject(value) && 'method' in value && 'path' in value && 'replies' in value;
}

type Events = { types: Record<string, { version: number; data: z.core.$ZodType }> };

function isEvents(value: unknown): value is Events {
  return isObject(value) && 'stream' in value && 'types' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function describeOperation(operation: Operation): ContractDescription['operations'][string] {
  const { id, method, path, replies, params, query, headers, body } = operation;
  const part = (schema: z.core.$ZodType | undefined) => (schema ? toJson(schema) : null);
  return {
    id,
    method,
    path,
    request: {
      params: part(params),
      query: part(query),
      headers: part(headers),
      body: part(body),
    },
    replies: Object.fromEntries(
      Object.entries(replies).map(([status, schema]) => [status, schema && toJson(schema)]),
    ),
  };
}

/** What its reader accepts, on either side: who writes says no more than that. */
function toJson(schema: z.core.$ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  return { ...json };
}
