import { lines } from './fixtures.ts';

/** Sources that break one rule each, and how many times; with their like that does not. */
export type Broken = {
  rule: string;
  files: Record<string, string>;
  /** `path` or `path:line` of each place that must be found. */
  at: string[];
  fine: Record<string, string>;
};

const src = 'services/a/src/x.ts';
const other = 'services/a/src/y.ts';
const manifest = 'services/a/package.json';
const chain = (count: number) => Array.from({ length: count }, (_, i) => `a === ${i}`).join(' || ');
const run = Array.from({ length: 6 }, (_, i) => `call${i}(value, ${i});`).join('\n');

export const broken: Broken[] = [
  {
    rule: 'file length',
    files: { [src]: lines(401) },
    at: ['.', '.', src],
    fine: { [src]: lines(90) },
  },
  {
    rule: 'function length',
    files: { [src]: `\nfunction long() {\n${lines(69)}}\n` },
    at: ['.', '.', `${src}:2`],
    fine: { [src]: `function short() {\n${lines(8)}}\n` },
  },
  {
    rule: 'cyclomatic complexity',
    files: { [src]: `function f(a: number) { return ${chain(16)}; }` },
    at: ['.', `${src}:1`],
    fine: { [src]: `function f(a: number) { return ${chain(10)}; }` },
  },
  {
    rule: 'nesting',
    files: { [src]: 'function f() { if (a) for (;;) { while (b) { if (c) { d(); } } } }' },
    at: [`${src}:1`],
    fine: { [src]: 'function f() { if (a) b(); else if (c) { for (;;) { if (d) e(); } } }' },
  },
  {
    rule: 'more than 3 parameters',
    files: { [src]: 'const f = (a: string, b: string, c: string, d: string) => a + b + c + d;' },
    at: [`${src}:1`],
    fine: { [src]: 'function f(this: Foo, a: string, b: string, c: string) {}' },
  },
  {
    rule: 'boolean parameters of exports',
    files: { [src]: 'export function f(on: boolean) {}\nexport const g = (fast = true) => fast;' },
    at: [`${src}:1`, `${src}:2`],
    fine: { [src]: 'export function f(o: { on: boolean }) {}\nfunction g(on: boolean) {}' },
  },
  {
    rule: 'any, @ts-ignore, @ts-expect-error',
    files: { [src]: 'const a: any = 1;\n// @ts-ignore\nconst b: string = 1;' },
    at: [`${src}:1`, `${src}:2`],
    fine: { [src]: 'const any: unknown = "any";' },
  },
  {
    rule: 'casts and ! per 1,000 lines',
    files: { [src]: `const a = b as C;\nconst d = e!;\n${lines(2000)}` },
    at: [`${src}:1`, `${src}:2`],
    fine: {
      [src]: `const a = ['x'] as const;\n// Set two lines up.\nconst d = e!;\n${lines(1000)}`,
    },
  },
  {
    rule: 'import cycles, types included',
    files: {
      [src]: "import type { Y } from './y.ts';",
      [other]: "import { z } from './z.ts';",
      'services/a/src/z.ts': "export { x } from './x.ts';",
    },
    at: [src],
    fine: {
      [src]: "import './y.ts';\nimport './z.ts';",
      [other]: "import './z.ts';",
      'services/a/src/z.ts': '',
    },
  },
  {
    rule: 'imports against the ladder',
    files: {
      [src]:
        "import { x } from '../../b/src/x.ts';\nimport { retry } from '../../../mesh/core/retry.ts';",
      'services/b/package.json': '{"name":"@faultline/b"}',
      'packages/chassis/src/x.ts': "const b = await import('@faultline/b/x');",
      'packages/contracts/src/x.ts': "import type { Clock } from '../../chassis/src/clock.ts';",
    },
    at: [`${src}:1`, `${src}:2`, 'packages/chassis/src/x.ts:1', 'packages/contracts/src/x.ts:1'],
    fine: {
      [src]: "import { x } from '../../../packages/chassis/src/x.ts';\nimport './y.ts';",
      'packages/chassis/src/x.ts': "import { x } from '../../../observability/telemetry/src/x.ts';",
      'test/all.test.ts': "import '../services/a/src/x.ts';",
    },
  },
  {
    rule: 'barrels and default exports',
    files: {
      [src]: "export { a } from './a.ts';\nexport { b } from './b.ts';",
      [other]: "export default 1;\nexport * from './a.ts';",
    },
    at: [`${src}:1`, `${other}:2`, `${other}:1`],
    fine: { [src]: "export { a } from './a.ts';\nexport const b = 1;" },
  },
  {
    rule: 'process.env outside config.ts',
    files: { [src]: "const a = process.env['A'];", [other]: "import { env } from 'node:process';" },
    at: [`${src}:1`, `${other}:1`],
    fine: { 'services/a/src/config.ts': "const a = process.env['A'];" },
  },
  {
    rule: 'clock, timers and randomness',
    files: {
      [src]: 'Date.now();\nMath.random();\nsetTimeout(f, 1);\nsetInterval(f, 1);\nnew Date();',
      [other]: "import { setTimeout as wait } from 'node:timers/promises';",
    },
    at: [...[1, 2, 3, 4, 5].map((line) => `${src}:${line}`), `${other}:1`],
    fine: {
      'packages/chassis/src/clock.ts': 'Date.now();',
      [src]: 'new Date(nowMs);\nclock.now();',
    },
  },
  {
    rule: 'socket modules',
    files: { [src]: "import { connect } from 'node:net';\nimport http from 'node:http';" },
    at: [`${src}:1`, `${src}:2`],
    fine: {
      [src]: "import type { IncomingMessage } from 'node:http';",
      'packages/chassis/src/server.ts': "import http from 'node:http';",
    },
  },
  {
    rule: 'duplicate runs of 6+ lines per 1,000 lines',
    files: { [src]: `before();\n${run}\n`, 'services/b/src/x.ts': `${run}\nafter();\n` },
    at: [`${src}:2`],
    fine: { [src]: run, 'services/b/src/x.ts': run.replace('call3', 'other') },
  },
  {
    rule: 'silent catch, thrown non-error, process.exit',
    files: {
      [src]: 'try { a(); } catch {}\nthrow "text";\nprocess.exit(1);\nawait a().catch(() => {});',
    },
    at: [1, 2, 3, 4].map((line) => `${src}:${line}`),
    fine: {
      [src]:
        'try { a(); } catch (e) { log(e); }\nthrow new Error("text");\nconst b = await a().catch(() => undefined);',
    },
  },
  {
    rule: 'files that nothing uses',
    files: {
      [src]: 'export const x = 1;',
      'services/a/src/x.test.ts': "import { x } from './x.ts';",
    },
    at: [src],
    fine: {
      'services/a/Dockerfile': 'CMD ["node", "src/main.ts"]',
      'services/a/src/main.ts': "import { x } from './x.ts';",
      [src]: "new URL('worker.ts', import.meta.url);",
      'services/a/src/worker.ts': '',
    },
  },
  {
    rule: 'exports that nothing imports',
    files: { [src]: 'export const a = 1;\nexport function b() {}\nexport type C = 1;' },
    at: [`${src}:1`, `${src}:2`, `${src}:3`],
    fine: {
      [src]: 'export type O = { n: number };\nexport function b(o: O) {}',
      [other]: "import { b } from './x.ts';",
    },
  },
  {
    rule: 'dependencies unused or undeclared',
    files: {
      [manifest]: '{"name":"@faultline/a","dependencies":{"koa":"1.0.0"}}',
      [src]: "import pg from 'pg';",
    },
    at: [manifest, `${src}:1`],
    fine: {
      [manifest]: '{"name":"@faultline/a","dependencies":{"koa":"1.0.0"}}',
      [src]: "import Koa from 'koa';\nimport { join } from 'node:path';",
      'services/a/src/x.test.ts': "import { expect } from 'chai';",
    },
  },
  {
    rule: 'runtime dependencies',
    files: {
      [manifest]: '{"dependencies":{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1"}}',
      'mesh/proxy/package.json': '{"dependencies":{"a":"1","b":"1","c":"1"}}',
    },
    at: [manifest, 'mesh/proxy/package.json'],
    fine: {
      'mesh/proxy/package.json':
        '{"dependencies":{"a":"1","@opentelemetry/a":"1","@opentelemetry/b":"1","@faultline/x":"1"}}',
    },
  },
  {
    rule: 'test lines per source line',
    files: { [src]: lines(100), 'services/a/test/x.test.ts': lines(70) },
    at: ['.'],
    fine: { [src]: lines(100), 'services/a/test/x.test.ts': lines(90) },
  },
  {
    rule: 'source files that no test reaches',
    files: { [src]: '', [other]: '', 'services/a/src/x.test.ts': '' },
    at: [other],
    fine: {
      [src]: "import './y.ts';",
      [other]: '',
      'services/a/test/x.test.ts': "import '../src/x.ts';",
    },
  },
  {
    rule: 'real sleeps in tests',
    files: {
      'test/a.test.ts': 'await new Promise((resolve) => setTimeout(resolve, 100));',
      'test/b.ts':
        "import { setTimeout } from 'node:timers/promises';\nit('x', async () => {\n  await systemClock.sleep(5);\n});",
    },
    at: ['test/a.test.ts:1', 'test/b.ts:3', 'test/b.ts:1'],
    fine: {
      'test/a.test.ts': 'stub(() => systemClock.sleep(9));\nawait eventually(() => check());',
    },
  },
  {
    rule: 'documented exports of packages',
    files: { 'packages/p/src/x.ts': 'export function f() {}\nexport class C {}' },
    at: ['packages/p/src/x.ts:1', 'packages/p/src/x.ts:2'],
    fine: { 'packages/p/src/x.ts': '/** Does f. */\nexport function f() {}\nfunction g() {}' },
  },
  {
    rule: 'lines per service',
    files: { [src]: lines(900), [other]: lines(701) },
    at: ['.', 'services/a'],
    fine: { [src]: lines(300), [other]: lines(300), 'services/a/test/x.test.ts': lines(2000) },
  },
  {
    rule: 'broken links in Markdown',
    files: { 'docs/a.md': 'see [b](b.md)\n<img src="../shop.png">' },
    at: ['docs/a.md:1', 'docs/a.md:2'],
    fine: {
      'docs/a.md':
        '[up](../README.md#top) [web](https://example.com) [here](#x) [dir](../services)',
      'README.md': '',
      [src]: '',
    },
  },
  {
    rule: 'registry addresses in the lockfile',
    files: { 'package-lock.json': '{\n"resolved": "https://registry.example.com/a.tgz"\n}' },
    at: ['package-lock.json:2'],
    fine: { 'package-lock.json': '{\n"resolved": "services/a"\n}' },
  },
  {
    rule: 'paths of one machine',
    files: { 'a.md': `text\nrun ${['', 'home', 'jane', 'code'].join('/')}` },
    at: ['a.md:2'],
    fine: { 'a.md': 'GET /api/v1/home/page and ./home/x' },
  },
  {
    rule: 'files over 1 MB',
    files: { 'a.json': 'x'.repeat(1024 * 1024 + 1) },
    at: ['a.json'],
    fine: { 'a.json': 'x'.repeat(1024 * 1024) },
  },
];
