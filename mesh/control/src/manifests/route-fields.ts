import { z } from 'zod';
import { metadata, objectName, portNumber } from './fields.ts';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, 'not a header name')
  .max(256);
const hostname = z
  .string()
  .regex(/^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a host name or *.suffix')
  .max(253);
const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const;

/** Linkerd's patterns are Rust's: no look-around, no back-references. */
function isPattern(text: string): boolean {
  if (/\(\?(<?[=!])|\\[1-9]/.test(text)) return false;
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

const notAPattern = 'not a pattern Linkerd can compile (Rust syntax: no look-around)';

const stringMatch = z
  .strictObject({
    type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
    name: headerName,
    value: z.string().min(1).max(4_096),
  })
  .refine(({ type, value }) => type === 'Exact' || isPattern(value), {
    path: ['value'],
    error: notAPattern,
  });

const pathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: z.string().max(1_024).default('/'),
  })
  .refine(({ type, value }) => type !== 'RegularExpression' || isPattern(value), {
    path: ['value'],
    error: notAPattern,
  })
  .refine(({ type, value }) => type === 'RegularExpression' || value.startsWith('/'), {
    path: ['value'],
    error: 'expected a path that starts with /',
  });

const match = z.strictObject({
  path: pathMatch.prefault({}),
  method: z.enum(methods).optional(),
  headers: z.array(stringMatch).max(16).default([]),
  queryParams: z.array(stringMatch).max(16).default([]),
});

const edits = z
  .array(z.strictObject({ name: headerName, value: z.string() }))
  .max(16)
  .default([]);

const modifier = z.strictObject({
  set: edits,
  add: edits,
  remove: z.array(headerName).max(16).default([]),
});

const redirect = z.strictObject({
  scheme: z.enum(['http', 'https']).optional(),
  hostname: hostname.optional(),
  port: portNumber.optional(),
  path: z
    .union([
      z.strictObject({ type: z.literal('ReplaceFullPath'), replaceFullPath: z.string() }),
      z.strictObject({ type: z.literal('ReplacePrefixMatch'), replacePrefixMatch: z.string() }),
    ])
    .optional(),
  statusCode: z
    .union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)])
    .default(302),
});

const settings = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
} as const;

/** Types beyond Linkerd's are read, so that the reason for their refusal can be given. */
const filter = z
  .strictObject({
    type: z.enum([
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'RequestRedirect',
      'RequestMirror',
      'URLRewrite',
      'CORS',
      'ExtensionRef',
    ]),
    requestHeaderModifier: modifier.optional(),
    responseHeaderModifier: modifier.optional(),
    requestRedirect: redirect.optional(),
    requestMirror: z.unknown().optional(),
    urlRewrite: z.unknown().optional(),
    cors: z.unknown().optional(),
    extensionRef: z.unknown().optional(),
  })
  .superRefine((value, context) => {
    for (const [type, field] of Object.entries(settings)) {
      const isSet = value[field] !== undefined;
      if (isSet === (value.type === type)) continue;
      const message = isSet ? `does not belong to a ${value.type}` : `expected by ${type}`;
      context.addIssue({ code: 'custom', path: [field], message });
    }
  });

const backendRef = z.strictObject({
  group: z.string().default(''),
  kind: z.string().default('Service'),
  name: objectName,
  namespace: objectName.optional(),
  port: portNumber.optional(),
  weight: z.int().min(0).max(1_000_000).default(1),
  filters: z.array(filter).max(16).default([]),
});

const rule = z.strictObject({
  name: z.string().optional(),
  matches: z.array(match).max(64).prefault([{}]),
  filters: z.array(filter).max(16).default([]),
  backendRefs: z.array(backendRef).max(16).default([]),
  timeouts: z
    .strictObject({ request: z.string().optional(), backendRequest: z.string().optional() })
    .default({}),
  retry: z.unknown().optional(),
  sessionPersistence: z.unknown().optional(),
});

export const parentRefs = z
  .array(
    z.strictObject({
      group: z.string().optional(),
      kind: z.string().default('Gateway'),
      namespace: objectName.optional(),
      name: objectName,
      sectionName: z.string().optional(),
      port: portNumber.optional(),
    }),
  )
  .max(32)
  .default([]);

export const httpRouteSchema = z.strictObject({
  apiVersion: z.enum([
    'gateway.networking.k8s.io/v1',
    'gateway.networking.k8s.io/v1beta1',
    'policy.linkerd.io/v1alpha1',
    'policy.linkerd.io/v1beta1',
    'policy.linkerd.io/v1beta2',
    'policy.linkerd.io/v1beta3',
  ]),
  kind: z.literal('HTTPRoute'),
  metadata,
  spec: z.strictObject({
    parentRefs,
    hostnames: z.array(hostname).max(16).default([]),
    rules: z.array(rule).max(16).prefault([{}]),
  }),
});

export type HttpRouteManifest = z.output<typeof httpRouteSchema>;
export type RuleManifest = z.output<typeof rule>;
export type FilterManifest = z.output<typeof filter>;
export type BackendManifest = z.output<typeof backendRef>;
export type MatchManifest = z.output<typeof match>;
export type ParentManifest = z.output<typeof parentRefs>[number];
