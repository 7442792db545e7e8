import { SyntaxKind, type ParameterDeclaration } from 'typescript/unstable/ast';
import { complexityOf, functionsOf, nestingOf, type FunctionInfo } from '../functions.ts';
import { productUnits } from '../project.ts';
import { counted, overLimit, percentile, type Rule } from '../rule.ts';

const complexityLimits = { p99: 10, max: 15 };
const nestingMax = 3;
const parametersMax = 3;
const booleanKinds = new Set([
  SyntaxKind.BooleanKeyword,
  SyntaxKind.TrueKeyword,
  SyntaxKind.FalseKeyword,
]);

export const complexity: Rule = {
  name: 'cyclomatic complexity',
  target: 'p99 ≤ 10, max 15',
  check(project) {
    const functions = productUnits(project)
      .flatMap(functionsOf)
      .map((info) => ({ ...info, value: complexityOf(info.node) }));
    const values = functions.map(({ value }) => value);
    const p99 = percentile(values, 0.99);
    const violations = functions
      .filter(({ value }) => value > complexityLimits.max)
      .map((info) => at(info, `has ${info.value} paths, expected at most ${complexityLimits.max}`));
    return {
      measured: `${p99} / ${Math.max(0, ...values)}`,
      violations: [
        ...overLimit('p99 of cyclomatic complexity', { value: p99, limit: complexityLimits.p99 }),
        ...violations,
      ],
    };
  },
};

export const nesting: Rule = {
  name: 'nesting',
  target: 'max 3',
  check(project) {
    const functions = productUnits(project)
      .flatMap(functionsOf)
      .map((info) => ({ ...info, value: nestingOf(info.node) }));
    return {
      measured: String(Math.max(0, ...functions.map(({ value }) => value))),
      violations: functions
        .filter(({ value }) => value > nestingMax)
        .map((info) => at(info, `nests ${info.value} deep, expected at most ${nestingMax}`)),
    };
  },
};

export const parameters: Rule = {
  name: 'more than 3 parameters',
  target: '0',
  check(project) {
    const functions = productUnits(project).flatMap(functionsOf);
    return counted(
      functions
        .filter(({ node }) => parametersOf(node).length > parametersMax)
        .map((info) => at(info, `takes ${parametersOf(info.node).length} parameters, expected 3`)),
    );
  },
};

export const booleanParameters: Rule = {
  name: 'boolean parameters of exports',
  target: '0',
  check(project) {
    const functions = productUnits(project).flatMap(functionsOf);
    return counted(
      functions
        .filter(({ exported, node }) => exported && parametersOf(node).some(isBoolean))
        .map((info) => at(info, 'takes a boolean by position, expected an options object')),
    );
  },
};

function parametersOf(node: FunctionInfo['node']): ParameterDeclaration[] {
  return node.parameters.filter(({ name }) => !('text' in name && name.text === 'this'));
}

function isBoolean({ type, initializer }: ParameterDeclaration): boolean {
  return [type, initializer].some((part) => part !== undefined && booleanKinds.has(part.kind));
}

function at({ path, line, name }: FunctionInfo, problem: string) {
  return { path, line, message: `${name} ${problem}` };
}
