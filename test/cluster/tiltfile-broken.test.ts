import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TempDir } from '../../local/test/temp-dir.ts';
import { root } from '../../tools/config.ts';
import { executeTiltfile } from './support/tilt/execute.ts';
import type { Options } from './support/tilt/host.ts';
import type { Tiltfile } from './support/tilt/model.ts';

type Settings = NonNullable<Options['settings']>;

const context = 'kind-faultline';

/** A copy of the project in which one Tiltfile is changed. */
function broken(
  file: string,
  edit: (text: string) => string,
  settings: Settings = {},
): () => Tiltfile {
  return () => {
    using dir = new TempDir();
    for (const path of ['Tiltfile', 'tilt', 'deploy', 'mesh', 'services', 'observability']) {
      cpSync(join(root, path), dir.join(path), {
        recursive: true,
        filter: (source) => !/node_modules|\/(src|test|dist|web|public|sandbox)(\/|$)/.test(source),
      });
    }
    const text = readFileSync(dir.join(file), 'utf8');
    const after = edit(text);
    expect(after).not.to.equal(text);
    writeFileSync(dir.join(file), after);
    return executeTiltfile({ root: dir.path, context, settings });
  };
}

describe('a broken Tiltfile', function () {
  this.timeout(60_000);

  const failing: [string, string, (text: string) => string, RegExp][] = [
    [
      'misspells a function',
      'Tiltfile',
      (text) => text.replace('analytics_settings', 'analytic_settings'),
      /Tiltfile:\d+: undefined: analytic_settings/,
    ],
    [
      'misspells a parameter',
      'tilt/engine.Tiltfile',
      (text) => text.replace('serve_dir=', 'serv_dir='),
      /unexpected keyword argument serv_dir/,
    ],
    [
      'names a workload that is not there',
      'tilt/platform.Tiltfile',
      (text) =>
        text
          .replace("'grafana': port", "'grafna': port")
          .replace("'deploy/dev'", "'deploy/nowhere'"),
      /deploy\/nowhere/,
    ],
    [
      'syncs from outside the build context',
      'tilt/workloads.Tiltfile',
      (text) =>
        text
          .replace("'packages', 'observability/telemetry'", "'packages'")
          .replace("[folder + '/src']", "[folder + '/src', 'mesh']"),
      /mesh is not in the build context/,
    ],
    [
      'has no closing bracket',
      'tilt/buttons.Tiltfile',
      (text) => text.replace('return\n', 'return (\n'),
      /buttons\.Tiltfile:\d+: /,
    ],
  ];
  for (const [what, file, edit, expected] of failing) {
    it(`that ${what} is refused with its place`, () => {
      const settings = what.includes('parameter') ? { local: true } : {};
      expect(broken(file, edit, settings)).to.throw(expected);
    });
  }

  it('that waits for nothing there, or builds what nobody uses, is warned of', () => {
    const file = broken('tilt/platform.Tiltfile', (text) =>
      text
        .replace("mesh = ['linkerd', 'secrets']", "mesh = ['linkerd', 'secret']")
        .replace("image('trace-store'", "image('trace-stor'"),
    )();
    expect(file.warnings.join('\n'))
      .to.include('postgres depends on secret, which does not exist')
      .and.include('image ghcr.io/faultline/trace-stor is not used');
  });
});
