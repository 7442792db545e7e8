/** How the local engine makes up a Secret that no manifest defines. */
export type GeneratedSecret =
  | { kind: 'database'; database: string }
  | { kind: 'redis' }
  | { kind: 'signing-key' }
  | { kind: 'password' }
  | { kind: 'absent' };

/** The names it recognises, for error messages. */
export const generatedSecretNames =
  '<x>-database/url, <x>-redis/url, <x>-signing-key/jwk, <x>-password/password, <x>-smtp/url';

/**
 * The kind of value a Secret's key gets by its name, or `undefined` when the engine makes up none.
 * Mail is `absent`: there is no mail server on a laptop, so that reference must be optional.
 */
export function generatedSecret(name: string, key: string): GeneratedSecret | undefined {
  const suffixes: readonly [string, string, GeneratedSecret][] = [
    ['-database', 'url', { kind: 'database', database: name.slice(0, -'-database'.length) }],
    ['-redis', 'url', { kind: 'redis' }],
    ['-signing-key', 'jwk', { kind: 'signing-key' }],
    ['-password', 'password', { kind: 'password' }],
    ['-smtp', 'url', { kind: 'absent' }],
  ];
  return suffixes.find(([suffix, wanted]) => name.endsWith(suffix) && key === wanted)?.[2];
}
