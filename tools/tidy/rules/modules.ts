import { isExportAssignment, isExportDeclaration, SyntaxKind } from 'typescript/unstable/ast';
import { importsOf, type Import } from '../imports.ts';
import { hasModifier, lineOf } from '../parse.ts';
import { isTest, type Project, type Unit } from '../project.ts';
import { counted, type Rule, type Violation } from '../rule.ts';

/** The layers of the system. First match counts; `may` are the layers a file may import from. */
const ladder: { layer: string; place: RegExp; may: string[] | 'all' }[] = [
  { layer: 'contracts', place: /^packages\/contracts\//, may: [] },
  { layer: 'telemetry', place: /^observability\/telemetry\//, may: [] },
  { layer: 'mesh/core', place: /^mesh\/core\//, may: [] },
  { layer: 'chassis', place: /^packages\/chassis\//, may: ['telemetry'] },
  { layer: 'services', place: /^services\//, may: ['contracts', 'telemetry', 'chassis'] },
  {
    layer: 'mesh',
    place: /^mesh\//,
    may: ['contracts', 'telemetry', 'mesh/core', 'chassis', 'mesh'],
  },
  {
    layer: 'observability',
    place: /^observability\//,
    may: ['contracts', 'telemetry', 'chassis', 'observability'],
  },
  { layer: 'everything around', place: /^(local|test|bench|tools|tilt)\//, may: 'all' },
];

export const importLadder: Rule = {
  name: 'imports against the ladder',
  target: '0',
  check(project) {
    const violations = project.units.flatMap(({ path }) =>
      (importsOf(project).get(path) ?? []).flatMap((mention) => climb(path, mention)),
    );
    return counted(violations);
  },
};

export const importCycles: Rule = {
  name: 'import cycles, types included',
  target: '0',
  check(project) {
    return counted(
      findCycles(graphOf(project)).map((cycle) => ({
        path: cycle[0] ?? '',
        line: 0,
        message: `imports itself: ${[...cycle, cycle[0]].join(' → ')}`,
      })),
    );
  },
};

export const barrels: Rule = {
  name: 'barrels and default exports',
  target: '0',
  check: (project) =>
    counted(project.units.flatMap((unit) => [...barrel(unit), ...defaults(unit)])),
};

function climb(path: string, { file, line, specifier }: Import): Violation[] {
  if (file === undefined) return [];
  const from = ladder.find(({ place }) => place.test(path));
  const to = ladder.find(({ place }) => place.test(file));
  if (from === undefined || to === undefined || from.may === 'all') return [];
  const message = `${from.layer} must not import ${specifier} (${to.layer})`;
  const allowed = workspaceOf(path) === workspaceOf(file) || from.may.includes(to.layer);
  return allowed ? [] : [{ path, line, message }];
}

/** Two folders below the root: `services/orders`, `packages/chassis`. */
function workspaceOf(path: string): string {
  return path.split('/', 2).join('/');
}

function graphOf(project: Project): Map<string, string[]> {
  const paths = new Set(project.units.map(({ path }) => path));
  const targets = (mentions: Import[]) =>
    mentions.flatMap(({ file, address }) => {
      return file !== undefined && address !== true && paths.has(file) ? [file] : [];
    });
  return new Map([...importsOf(project)].map(([path, mentions]) => [path, targets(mentions)]));
}

/** One cycle for each edge that closes one, found depth first. */
function findCycles(graph: ReadonlyMap<string, string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string) => {
    if (done.has(path)) return;
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      cycles.push(trail.slice(seenAt));
      return;
    }
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}

function barrel({ path, ast }: Unit): Violation[] {
  if (isTest(path)) return [];
  const exports = ast.statements.filter(isExportDeclaration);
  const all = exports.find((node) => node.moduleSpecifier && node.exportClause === undefined);
  if (all !== undefined) {
    return [{ path, line: lineOf(ast, all), message: '`export *` hides where names come from' }];
  }
  const passesOn = exports.filter((node) => node.moduleSpecifier !== undefined);
  if (passesOn.length === 0 || passesOn.length < ast.statements.length) return [];
  return [{ path, line: 1, message: 'only passes on what other files export' }];
}

function defaults({ path, ast }: Unit): Violation[] {
  return ast.statements
    .filter((node) => isExportAssignment(node) || hasModifier(node, SyntaxKind.DefaultKeyword))
    .map((node) => ({
      path,
      line: lineOf(ast, node),
      message: 'default export: give it its name',
    }));
}
