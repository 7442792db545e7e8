import { readYamlFiles } from '@faultline/mesh-control/manifests/folders';
import { issueProblems } from '@faultline/mesh-control/manifests/issues';
import { problemAt, type Source } from '@faultline/mesh-control/manifests/place';
import { ManifestError, type Problem } from '@faultline/mesh-control/manifests/problem';
import { readDocuments, type TextFile } from '@faultline/mesh-control/manifests/read';
import type { z } from 'zod';
import { type Canary, isBuiltIn, templateKey, toCanary } from './canary.ts';
import { findPlaceholderProblem } from './query.ts';
import { refusalOf } from './refused.ts';
import { kinds, type MetricTemplateManifest } from './schema.ts';

type Read<T> = { source: Source; manifest: T };

/**
 * Reads the Canary and MetricTemplate resources in `dirs`, named by their path from `root`.
 * Throws a `ManifestError` that lists everything that is wrong.
 */
export async function loadCanaries(root: string, dirs: readonly string[]): Promise<Canary[]> {
  return parseCanaries(await readYamlFiles(root, dirs));
}

/** As `loadCanaries`, from texts. */
export function parseCanaries(files: readonly TextFile[]): Canary[] {
  const { sources, problems } = readDocuments(files);
  const canaries = readKind('Canary', kinds.Canary, { sources, problems });
  const templates = readKind('MetricTemplate', kinds.MetricTemplate, { sources, problems });
  const known = new Map(templates.map(({ manifest }) => [keyOf(manifest), manifest]));
  problems.push(
    ...sources.flatMap(checkKind),
    ...templates.flatMap(checkTemplate),
    ...canaries.flatMap((canary) => checkMetrics(canary, known)),
    ...checkTargets(canaries),
  );
  if (problems.length > 0) throw new ManifestError(problems);
  return canaries.map(({ manifest }) => toCanary(manifest, known));
}

type CanaryRead = Read<z.output<typeof kinds.Canary>>;

function keyOf({ metadata }: MetricTemplateManifest): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function readKind<S extends z.ZodType>(
  kind: string,
  schema: S,
  { sources, problems }: { sources: readonly Source[]; problems: Problem[] },
): Read<z.output<S>>[] {
  const ofKind = sources.filter(({ document }) => document.get('kind') === kind);
  return ofKind.flatMap((source) => {
    const result = schema.safeParse(source.document.toJS());
    if (result.success) return [{ source, manifest: result.data }];
    problems.push(...result.error.issues.flatMap((issue) => explain(source, issue)));
    return [];
  });
}

function explain(source: Source, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code !== 'unrecognized_keys') return issueProblems(source, issue, '');
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  return issue.keys.map((key) => problemAt(source, [...path, key], refusalOf([...path, key])));
}

function checkKind(source: Source): Problem[] {
  const kind: unknown = source.document.get('kind');
  if (typeof kind === 'string' && kind in kinds) return [];
  const expected = Object.keys(kinds).join(' or ');
  return [problemAt(source, ['kind'], `expected ${expected}, not '${String(kind)}'`)];
}

function checkTemplate({ source, manifest }: Read<MetricTemplateManifest>): Problem[] {
  const problem = findPlaceholderProblem(manifest.spec.query);
  return problem === undefined ? [] : [problemAt(source, ['spec', 'query'], problem)];
}

/** Flagger finds these out in the middle of a rollout, and undoes it. */
function checkMetrics(
  { source, manifest }: CanaryRead,
  templates: ReadonlyMap<string, MetricTemplateManifest>,
): Problem[] {
  const metrics = manifest.spec.analysis?.metrics ?? [];
  return metrics.flatMap((metric, index) => {
    const path = ['spec', 'analysis', 'metrics', index];
    const key = templateKey(metric, manifest.metadata.namespace);
    if (key === undefined) {
      const problem = `'${metric.name}' is not built in: expected a templateRef`;
      return isBuiltIn(metric.name) ? [] : [problemAt(source, [...path, 'name'], problem)];
    }
    return templates.has(key)
      ? []
      : [problemAt(source, [...path, 'templateRef'], `there is no MetricTemplate ${key}`)];
  });
}

/** Two Canaries of one Deployment would pull it in two directions. */
function checkTargets(canaries: readonly CanaryRead[]): Problem[] {
  const seen = new Set<string>();
  return canaries.flatMap(({ source, manifest }) => {
    const key = `${manifest.metadata.namespace}/${manifest.spec.targetRef.name}`;
    const isSecond = seen.has(key);
    seen.add(key);
    const message = `another Canary has the Deployment ${manifest.spec.targetRef.name} already`;
    return isSecond ? [problemAt(source, ['spec', 'targetRef', 'name'], message)] : [];
  });
}
