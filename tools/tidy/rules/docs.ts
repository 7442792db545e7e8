import { posix } from 'node:path';
import { isClassDeclaration, isFunctionDeclaration, type Node } from 'typescript/unstable/ast';
import { isExported, lineOf } from '../parse.ts';
import { isTest, isWeb, type Project } from '../project.ts';
import { counted, type Rule, type Violation } from '../rule.ts';

const documented = /^(packages|observability|mesh\/core)\//;

export const docComments: Rule = {
  name: 'documented exports of packages',
  target: '100 %',
  check(project) {
    const exports = project.units
      .filter(({ path }) => documented.test(path) && !isTest(path) && !isWeb(path))
      .flatMap(({ path, ast }) =>
        ast.statements.filter(needsDoc).map((node) => ({
          path,
          line: lineOf(ast, node),
          message: `${node.getText(ast).split('\n', 1)[0]}: say what it does, its units and errors`,
          bare: node.jsDoc === undefined || node.jsDoc.length === 0,
        })),
      );
    const violations = exports.filter(({ bare }) => bare);
    const share = exports.length === 0 ? 1 : 1 - violations.length / exports.length;
    return { measured: `${Math.floor(share * 100)} % of ${exports.length}`, violations };
  },
};

export const links: Rule = {
  name: 'broken links in Markdown',
  target: '0',
  check(project) {
    const pages = [...project.texts].filter(([path]) => path.endsWith('.md'));
    return counted(pages.flatMap(([path, text]) => brokenLinks(project, path, text)));
  },
};

function needsDoc(node: Node): boolean {
  return isExported(node) && (isFunctionDeclaration(node) || isClassDeclaration(node));
}

function brokenLinks(project: Project, path: string, text: string): Violation[] {
  const found: Violation[] = [];
  text.split('\n').forEach((line, index) => {
    for (const [, inline, image] of line.matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g)) {
      const target = inline ?? image ?? '';
      if (isBroken(project, path, target)) {
        found.push({ path, line: index + 1, message: `there is no ${target}` });
      }
    }
  });
  return found;
}

function isBroken(project: Project, from: string, target: string): boolean {
  if (/^([a-z]+:|#)/.test(target)) return false;
  const file = posix.join(posix.dirname(from), decodeURI(target.replace(/#.*/, '')));
  const folder = file.replace(/\/?$/, '/');
  return (
    !project.sizes.has(file) && ![...project.sizes.keys()].some((path) => path.startsWith(folder))
  );
}
