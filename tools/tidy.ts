import { root } from './config.ts';
import { loadProject, type Project } from './tidy/project.ts';
import type { Rule, Violation } from './tidy/rule.ts';
import { errors, time } from './tidy/rules/effects.ts';
import { serviceSize } from './tidy/rules/size.ts';
import { rules } from './tidy/rules.ts';

/*
 * Measures of style, checked by the tests and printed by `npm run tidy`. They are alarms: code that
 * is better for breaking one is listed here, with the reason. The list is to stay short.
 */
type Exception = {
  rule: string;
  /** A file, or a folder when it ends with a slash. */
  path: string;
  reason: string;
};

export const exceptions: Exception[] = [
  {
    rule: errors.name,
    path: 'packages/chassis/src/exit.ts',
    reason: 'the one place where a service may end its process',
  },
  {
    rule: time.name,
    path: 'packages/chassis/src/exit.ts',
    reason: 'its timer ends the process; no test could advance a clock beyond that',
  },
  {
    rule: serviceSize.name,
    path: 'services/storefront',
    reason: 'the HTML of 21 pages; splitting the shop people see would only move it',
  },
  {
    rule: serviceSize.name,
    path: 'services/orders',
    reason: 'a saga, its recovery and its idempotency are one subject and are read together',
  },
];

export type Result = Rule & {
  measured: string;
  /** What is left after the exceptions. */
  violations: Violation[];
};

export function measure(project: Project, allowed: Exception[] = exceptions): Result[] {
  return rules.map((rule) => {
    const { measured, violations } = rule.check(project);
    const isAllowed = ({ path }: Violation) =>
      allowed.some((exception) => exception.rule === rule.name && covers(exception, path));
    return { ...rule, measured, violations: violations.filter((found) => !isAllowed(found)) };
  });
}

/** Exceptions that nothing needs any more. */
export function staleExceptions(project: Project, allowed: Exception[] = exceptions): Exception[] {
  return allowed.filter(({ rule: name, path }) => {
    const rule = rules.find((candidate) => candidate.name === name);
    return !rule?.check(project).violations.some((found) => covers({ path }, found.path));
  });
}

function covers({ path }: Pick<Exception, 'path'>, file: string): boolean {
  return path.endsWith('/') ? file.startsWith(path) : file === path;
}

/** `file:line message`, as editors and terminals make it a link. */
export function describe({ path, line, message }: Violation): string {
  return `${line > 0 ? `${path}:${line}` : path} ${message}`;
}

function print(results: Result[]): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, measured, target, violations } of results) {
    const mark = violations.length === 0 ? '✔' : '✘';
    console.log(`${mark} ${name.padEnd(width)}  ${measured.padEnd(22)}  ${target}`);
    for (const violation of violations) console.log(`    ${describe(violation)}`);
  }
  for (const { rule, path, reason } of exceptions)
    console.log(`exception: ${rule}: ${path}: ${reason}`);
}

if (import.meta.main) {
  const results = measure(loadProject(root));
  print(results);
  process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0;
}
