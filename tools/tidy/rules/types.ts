import {
  isAsExpression,
  isNonNullExpression,
  SyntaxKind,
  type AsExpression,
  type Node,
  type NonNullExpression,
} from 'typescript/unstable/ast';
import { findAll, lineOf } from '../parse.ts';
import { countLines, productUnits, type Unit } from '../project.ts';
import { hasReason } from '../reason.ts';
import { counted, overLimit, round, type Rule, type Violation } from '../rule.ts';

const castsPerKlocMax = 2;

export const noAny: Rule = {
  name: 'any, @ts-ignore, @ts-expect-error',
  target: '0',
  check(project) {
    const types = project.units.flatMap((unit) =>
      findAll(unit.ast, isAny).map((node) => {
        return {
          path: unit.path,
          line: lineOf(unit.ast, node),
          message: '`any` switches the checker off',
        };
      }),
    );
    return counted([...types, ...productUnits(project).flatMap(silencedLines)]);
  },
};

export const casts: Rule = {
  name: 'casts and ! per 1,000 lines',
  target: '≤ 2, each with a reason',
  check(project) {
    const units = productUnits(project);
    const found = units.flatMap((unit) =>
      findAll(unit.ast, isCast).map((node) => ({ unit, node })),
    );
    const perKloc = round((found.length * 1000) / Math.max(1, countLines(units)));
    const bare = found.filter(({ unit, node }) => !hasReason(unit, node));
    return {
      measured: `${perKloc} (${found.length})`,
      violations: [
        ...overLimit('casts per 1,000 lines', { value: perKloc, limit: castsPerKlocMax }),
        ...bare.map(({ unit, node }) => {
          const message = `\`${node.getText(unit.ast)}\` needs a comment that says why it holds`;
          return { path: unit.path, line: lineOf(unit.ast, node), message };
        }),
      ],
    };
  },
};

function isAny(node: Node): node is Node {
  return node.kind === SyntaxKind.AnyKeyword;
}

function silencedLines({ path, lines }: Unit): Violation[] {
  return lines.flatMap((text, index) => {
    const directive = /@ts-(ignore|expect-error|nocheck)/.exec(text)?.[0];
    if (directive === undefined) return [];
    return [{ path, line: index + 1, message: `${directive} silences the checker` }];
  });
}

function isCast(node: Node): node is AsExpression | NonNullExpression {
  if (isNonNullExpression(node)) return true;
  return isAsExpression(node) && node.type.getText() !== 'const';
}
