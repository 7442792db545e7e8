import { z } from 'zod';
import { id, idParams, page, pageQuery, problem, text, timestamp } from './common.ts';

export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .regex(
    /^[^\s@\p{Cc}<>"',;]+@[^\s@\p{Cc}<>"',;]+\.[^\s@\p{Cc}<>"',;]+$/u,
    'expected an e-mail address',
  );

export const password = z.string().min(10, 'expected at least 10 characters').max(200);

export const role = z.enum(['customer', 'admin']);

export const postalAddress = z.strictObject({
  name: text(120),
  line1: text(200),
  line2: text(200).optional(),
  city: text(120),
  postal_code: text(20),
  country: z.string().regex(/^[A-Z]{2}$/, 'expected an ISO 3166 code such as DE'),
});
export type PostalAddress = z.output<typeof postalAddress>;

export const address = z.object({ id, ...postalAddress.shape });
export type Address = z.output<typeof address>;

export const account = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role,
  disabled: z.boolean(),
  created_at: timestamp,
});
export type Account = z.output<typeof account>;

/** The names of the cookies that hold a browser's session. */
export const sessionCookies = { access: 'faultline_access', refresh: 'faultline_refresh' } as const;

/** What the claims of an access token say. */
export const accessTokenProfile = {
  issuer: 'faultline',
  audience: 'faultline-shop',
  type: 'at+jwt',
} as const;

export const session = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int(),
  account,
});
export type Session = z.output<typeof session>;

export const createAccount = {
  id: 'createAccount',
  method: 'POST',
  path: '/api/v1/accounts',
  summary: 'Sign up.',
  access: 'anyone',
  body: z.strictObject({ email: emailAddress, password, name: text(120) }),
  replies: { 201: account, 409: problem, 429: problem },
} as const;

/** The refresh token comes as an HttpOnly cookie; it changes with every use. */
export const createSession = {
  id: 'createSession',
  method: 'POST',
  path: '/api/v1/sessions',
  summary: 'Sign in.',
  access: 'anyone',
  body: z.strictObject({ email: emailAddress, password: z.string().min(1).max(200) }),
  replies: { 201: session, 401: problem, 429: problem },
} as const;

export const refreshSession = {
  id: 'refreshSession',
  method: 'POST',
  path: '/api/v1/sessions/refresh',
  summary: 'A new access token for the refresh cookie, which is replaced.',
  access: 'anyone',
  headers: z.object({ cookie: z.string().max(8_192).optional() }),
  replies: { 201: session, 401: problem },
} as const;

export const deleteSession = {
  id: 'deleteSession',
  method: 'DELETE',
  path: '/api/v1/sessions/current',
  summary: 'Sign out: the refresh cookie is void from now on.',
  access: 'anyone',
  headers: z.object({ cookie: z.string().max(8_192).optional() }),
  replies: { 204: null },
} as const;

export const getMe = {
  id: 'getMe',
  method: 'GET',
  path: '/api/v1/me',
  summary: 'Your account.',
  access: 'principal',
  replies: { 200: account },
} as const;

export const updateMe = {
  id: 'updateMe',
  method: 'PATCH',
  path: '/api/v1/me',
  summary: 'Change your name.',
  access: 'principal',
  body: z.strictObject({ name: text(120) }),
  replies: { 200: account },
} as const;

export const listAddresses = {
  id: 'listAddresses',
  method: 'GET',
  path: '/api/v1/me/addresses',
  summary: 'Your addresses.',
  access: 'principal',
  replies: { 200: z.object({ items: z.array(address) }) },
} as const;

export const addAddress = {
  id: 'addAddress',
  method: 'POST',
  path: '/api/v1/me/addresses',
  summary: 'Keep an address; 20 at most.',
  access: 'principal',
  body: postalAddress,
  replies: { 201: address, 409: problem },
} as const;

export const deleteAddress = {
  id: 'deleteAddress',
  method: 'DELETE',
  path: '/api/v1/me/addresses/:id',
  summary: 'Forget an address.',
  access: 'principal',
  params: idParams,
  replies: { 204: null, 404: problem },
} as const;

export const readKeySet = {
  id: 'readKeySet',
  method: 'GET',
  path: '/internal/v1/jwks',
  summary: 'The public keys of access tokens (RFC 7517).',
  access: 'internal',
  replies: {
    200: z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) }),
  },
} as const;

export const readAccount = {
  id: 'readAccount',
  method: 'GET',
  path: '/internal/v1/accounts/:id',
  summary: 'Any account, for neighbours that write to its owner.',
  access: 'internal',
  params: idParams,
  replies: { 200: account, 404: problem },
} as const;

export const listAccounts = {
  id: 'profilesListAccounts',
  method: 'GET',
  path: '/internal/v1/accounts',
  summary: 'All accounts, newest first.',
  access: 'admin',
  query: z.strictObject({ ...pageQuery.shape, q: z.string().trim().max(200).optional() }),
  replies: { 200: page(account) },
} as const;

export const accountUpdate = z.strictObject({
  role: role.optional(),
  disabled: z.boolean().optional(),
});

export const updateAccount = {
  id: 'profilesUpdateAccount',
  method: 'PATCH',
  path: '/internal/v1/accounts/:id',
  summary: 'Change an account’s role, or lock it.',
  access: 'admin',
  params: idParams,
  body: accountUpdate,
  replies: { 200: account, 404: problem, 409: problem },
} as const;

export const profilesApi = [
  createAccount,
  createSession,
  refreshSession,
  deleteSession,
  getMe,
  updateMe,
  listAddresses,
  addAddress,
  deleteAddress,
  readKeySet,
  readAccount,
  listAccounts,
  updateAccount,
] as const;

export const accountEvents = {
  stream: 'profiles.events',
  types: {
    'account.created': { version: 1, data: z.object({ account_id: id }) },
    'account.changed': {
      version: 1,
      data: z.object({ account_id: id, role, disabled: z.boolean() }),
    },
  },
} as const;
