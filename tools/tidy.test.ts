import { expect } from 'chai';
import { root } from './config.ts';
import { broken } from './tidy/broken.ts';
import { projectsOf } from './tidy/fixtures.ts';
import { loadProject, type Project } from './tidy/project.ts';
import type { Violation } from './tidy/rule.ts';
import { rules } from './tidy/rules.ts';
import { describe as text, exceptions, measure, staleExceptions, type Result } from './tidy.ts';

describe('tidy', function () {
  // All sources are read, parsed and followed before the first of them.
  this.timeout(120_000);
  let project: Project;
  let results: Result[];

  before(() => {
    project = loadProject(root);
    results = measure(project);
  });

  for (const { name, target } of rules) {
    it(`${name}: ${target}`, () => {
      const violations = results.find((result) => result.name === name)?.violations ?? [];
      if (violations.length > 0) expect.fail(`\n${violations.map(text).join('\n')}`);
    });
  }

  it('keeps no exception that nothing needs', () => {
    expect(staleExceptions(project)).to.deep.equal([]);
  });

  it('keeps the list of exceptions short, each with a reason', () => {
    expect(exceptions.length).to.be.at.most(5);
    expect(exceptions.filter(({ reason }) => reason.length < 20)).to.deep.equal([]);
  });
});

describe('each tidy rule', () => {
  let brokenProjects: Project[];
  let fineProjects: Project[];

  before(() => {
    brokenProjects = projectsOf(broken.map(({ files }) => files));
    fineProjects = projectsOf(broken.map(({ fine }) => fine));
  });

  it('has sources that break it', () => {
    expect(broken.map(({ rule }) => rule)).to.have.members(rules.map(({ name }) => name));
  });

  broken.forEach(({ rule, at }, index) => {
    it(`${rule}: finds what breaks it, and only that`, () => {
      expect(check(rule, brokenProjects[index]).map(place)).to.deep.equal(at);
      expect(check(rule, fineProjects[index])).to.deep.equal([]);
    });
  });

  it('can be excepted for one file only', () => {
    const [project] = projectsOf([
      { 'services/a/src/x.ts': 'a as B', 'services/a/src/y.ts': 'a as B' },
    ]);
    const name = 'casts and ! per 1,000 lines';
    const allowed = [{ rule: name, path: 'services/a/src/x.ts', reason: 'shown in a test' }];
    const left = project && measure(project, allowed).find((result) => result.name === name);
    expect(left?.violations.map(({ path }) => path)).to.deep.equal(['.', 'services/a/src/y.ts']);
  });
});

function check(name: string, project: Project | undefined): Violation[] {
  const rule = rules.find((candidate) => candidate.name === name);
  if (rule === undefined || project === undefined) throw new Error(`there is no rule ${name}`);
  return rule.check(project).violations;
}

function place({ path, line }: Violation): string {
  return line === 0 ? path : `${path}:${line}`;
}
