import { createRequire, registerHooks, syncBuiltinESMExports } from 'node:module';

const PACKAGES: ReadonlySet<string> = new Set(['ioredis', 'koa', 'pg']);

/**
 * Lets instrumentations see what ES modules import. They patch what passes through `require`, and
 * an `import` does not. But these packages are CommonJS underneath, with one exports object for
 * both ways in: so each is required, from where it is imported and only if it is, just before its
 * import goes on. These hooks run in this thread; there is no loader thread to pay for.
 */
export function patchImportedPackages(): void {
  patchNodeHttp();
  const patched = new Set<string>();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      if (PACKAGES.has(specifier) && !patched.has(resolved.url)) {
        patched.add(resolved.url);
        createRequire(context.parentURL ?? import.meta.url)(specifier);
      }
      return resolved;
    },
  });
}

/**
 * Named imports of `node:http` are copies; where one was made before, it would keep the unpatched
 * functions.
 */
function patchNodeHttp(): void {
  const require = createRequire(import.meta.url);
  require('node:http');
  require('node:https');
  syncBuiltinESMExports();
}
