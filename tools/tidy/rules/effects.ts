import {
  isArrowFunction,
  isAwaitExpression,
  isBlock,
  isCallExpression,
  isCatchClause,
  isExpressionStatement,
  isIdentifier,
  isNewExpression,
  isPropertyAccessExpression,
  isThrowStatement,
  isVoidExpression,
  SyntaxKind,
  type Node,
} from 'typescript/unstable/ast';
import { isFunction } from '../functions.ts';
import { importsOf } from '../imports.ts';
import { lineOf, walk } from '../parse.ts';
import { hasReason } from '../reason.ts';
import { isProduct, isTest, isWeb, type Project, type Unit } from '../project.ts';
import { counted, type Rule, type Violation } from '../rule.ts';

const socketModules = /^node:(net|tls|https?|http2|dgram)$/;
const maySocket =
  /^(packages\/chassis|local|mesh\/(proxy|control)\/src\/net|observability\/(store|console\/src\/net)|test|tools|bench|examples)\//;
const mayTime = /(^|\/)(clock|rng|random)\.ts$|\/net\//;
/** The one place in tests that waits for real: it polls until something holds. */
const mayWait = /(^|\/)(eventually|poll)\.ts$/;
const literals = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateExpression,
  SyntaxKind.ObjectLiteralExpression,
  SyntaxKind.NumericLiteral,
]);

export const environment: Rule = {
  name: 'process.env outside config.ts',
  target: '0',
  check(project) {
    const isFree = (path: string) => isTest(path) || /(^|\/)config\.(ts|mjs)$/.test(path);
    const units = project.units.filter(({ path }) => !isFree(path));
    return counted([
      ...search(units, (node) => {
        return isMember(node, 'process', 'env')
          ? 'reads process.env: take a config value'
          : undefined;
      }),
      ...imported(project, units, (specifier, names) => {
        return /^(node:)?process$/.test(specifier) && names.includes('env');
      }),
    ]);
  },
};

export const time: Rule = {
  name: 'clock, timers and randomness',
  target: '0 outside clock, rng, net',
  check(project) {
    const units = project.units.filter(({ path }) => {
      return isProduct(path) && !isWeb(path) && !mayTime.test(path);
    });
    return counted([
      ...search(units, timeUse),
      ...imported(project, units, (specifier) => specifier.startsWith('node:timers')),
    ]);
  },
};

export const sockets: Rule = {
  name: 'socket modules',
  target: '0 outside the network layers',
  check(project) {
    const units = project.units.filter(({ path }) => !isTest(path) && !maySocket.test(path));
    return counted(imported(project, units, (specifier) => socketModules.test(specifier)));
  },
};

export const errors: Rule = {
  name: 'silent catch, thrown non-error, process.exit',
  target: '0',
  check(project) {
    const units = project.units.filter(({ path }) => isProduct(path));
    return counted(search(units, (node, unit) => errorMisuse(node) ?? lostRejection(node, unit)));
  },
};

export const realSleeps: Rule = {
  name: 'real sleeps in tests',
  target: '0',
  check(project) {
    const units = project.units.filter(({ path }) => isTest(path) && !mayWait.test(path));
    return counted([
      ...search(units, (node) => {
        const waits = isNewExpression(node) && named(node.expression, 'Promise') && setsTimer(node);
        return waits || (isMember(node, 'systemClock', 'sleep') && isInTest(node))
          ? 'sleeps: poll until it holds, or use a fake clock'
          : undefined;
      }),
      ...imported(project, units, (specifier) => specifier === 'node:timers/promises'),
    ]);
  },
};

function timeUse(node: Node): string | undefined {
  for (const [object, member] of [
    ['Date', 'now'],
    ['Math', 'random'],
  ] as const) {
    if (isMember(node, object, member))
      return `uses ${object}.${member}: take a clock or generator`;
  }
  if (isNewExpression(node) && named(node.expression, 'Date') && !node.arguments?.length) {
    return 'uses new Date(): take a clock';
  }
  if (!isCallExpression(node) || !isIdentifier(node.expression)) return undefined;
  const { text } = node.expression;
  return text === 'setTimeout' || text === 'setInterval' ? `uses ${text}: take a clock` : undefined;
}

function errorMisuse(node: Node): string | undefined {
  if (isCatchClause(node) && node.block.statements.length === 0) return 'swallows every error';
  if (isThrowStatement(node) && literals.has(node.expression.kind)) return 'throws a non-error';
  return isMember(node, 'process', 'exit')
    ? 'calls process.exit: return or set exitCode'
    : undefined;
}

/** `.catch(() => {})` whose outcome nobody looks at, without a word on why. */
function lostRejection(node: Node, unit: Unit): string | undefined {
  if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return undefined;
  const handler = node.expression.name.text === 'catch' ? node.arguments[0] : undefined;
  if (handler === undefined || !doesNothing(handler)) return undefined;
  const used = !isDiscarded(node.parent) || hasReason(unit, node);
  return used ? undefined : 'swallows every rejection and does not say why';
}

function isDiscarded(parent: Node): boolean {
  if (isAwaitExpression(parent) || isVoidExpression(parent)) return isDiscarded(parent.parent);
  return isExpressionStatement(parent);
}

function doesNothing(handler: Node): boolean {
  if (!isArrowFunction(handler)) return false;
  const { body } = handler;
  return isBlock(body) ? body.statements.length === 0 : named(body, 'undefined');
}

/** Straight in a test or hook; a stub that answers late may sleep. */
function isInTest(node: Node): boolean {
  let at: Node | undefined = node.parent;
  while (at !== undefined && !isFunction(at)) at = at.parent;
  const call = at?.parent;
  if (call === undefined || !isCallExpression(call)) return false;
  return isIdentifier(call.expression) && /^(it|(before|after)(Each)?)$/.test(call.expression.text);
}

function setsTimer(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    found ||= isCallExpression(inner) && named(inner.expression, 'setTimeout');
  });
  return found;
}

function isMember(node: Node, object: string, member: string): boolean {
  return (
    isPropertyAccessExpression(node) && named(node.expression, object) && node.name.text === member
  );
}

function named(node: Node, name: string): boolean {
  return isIdentifier(node) && node.text === name;
}

function search(
  units: Unit[],
  problemOf: (node: Node, unit: Unit) => string | undefined,
): Violation[] {
  const found: Violation[] = [];
  for (const unit of units) {
    const { path, ast } = unit;
    walk(ast, (node) => {
      const message = problemOf(node, unit);
      if (message !== undefined) found.push({ path, line: lineOf(ast, node), message });
    });
  }
  return found;
}

function imported(
  project: Project,
  units: Unit[],
  isForbidden: (specifier: string, names: string[]) => boolean,
): Violation[] {
  return units.flatMap(({ path }) =>
    (importsOf(project).get(path) ?? [])
      .filter(({ specifier, names, typeOnly }) => !typeOnly && isForbidden(specifier, names))
      .map(({ line, specifier }) => ({ path, line, message: `imports ${specifier}` })),
  );
}
