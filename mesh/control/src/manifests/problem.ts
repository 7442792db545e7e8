/** A place in a manifest. Lines and columns count from 1. */
export type Position = { file: string; line: number; column: number };

/** Why a manifest cannot be run, and where. */
export type Problem = Position & { path: string; message: string };

/** All that is wrong with the manifests, one line each. */
export class ManifestError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.name = 'ManifestError';
    this.problems = problems;
  }
}

function describeProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === ''
    ? `${where} ${problem.message}`
    : `${where} ${problem.path}: ${problem.message}`;
}
