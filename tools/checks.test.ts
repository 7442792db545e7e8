import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { root } from './config.ts';

describe('the sources', function () {
  this.timeout(120_000);

  // Other tests run beside it: several checkers would work out the same types.
  const check = ['tsc', '--noEmit', '--checkers', '1', '-p'] as const;

  it('pass the type checker', () => passes(...check, '.'));

  for (const config of webConfigs()) {
    it(`pass the type checker with ${config}`, () => passes(...check, config));
  }

  it('pass the linter', () => passes('oxlint', '--deny-warnings', '--format=unix'));

  it('are formatted', () => passes('oxfmt', '--check'));
});

async function passes(program: string, ...args: string[]): Promise<void> {
  const child = spawn(join(root, 'node_modules/.bin', program), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise((resolve) => {
    child.on('exit', resolve);
  });
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exited,
  ]);
  if (code !== 0) expect.fail(`${program} ${args.join(' ')}\n${output}${errors}`);
}

/** Code for the browser has a type-checker configuration of its own. */
function webConfigs(): string[] {
  return ['services', 'observability']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
    .map((dir) => join(dir, 'web/tsconfig.json'))
    .filter((config) => existsSync(join(root, config)));
}
