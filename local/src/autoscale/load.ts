import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseGoDuration } from '@faultline/mesh-core/duration';
import { issueProblems } from '@faultline/mesh-control/manifests/issues';
import { problemAt, type Source } from '@faultline/mesh-control/manifests/place';
import { ManifestError, type Problem } from '@faultline/mesh-control/manifests/problem';
import { readYamlFiles } from '@faultline/mesh-control/manifests/folders';
import { readDocuments, type TextFile } from '@faultline/mesh-control/manifests/read';
import { fromHorizontal, fromScaledObject, localAnnotations as local } from './from-manifest.ts';
import type { Autoscaler } from './model.ts';
import { kinds } from './schema.ts';

/**
 * Reads the autoscalers that the cluster's production has: `services/<name>/deploy/prod/autoscaler.yaml`
 * of the project at `root`. Throws a `ManifestError` that lists everything that is wrong.
 */
export async function loadAutoscalers(root: string): Promise<Autoscaler[]> {
  const entries = await readdir(join(root, 'services'), { withFileTypes: true });
  const services = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const folders = services.toSorted().map((name) => join(root, 'services', name, 'deploy/prod'));
  const files = await readYamlFiles(root, folders);
  return parseAutoscalers(files.filter(({ file }) => file.endsWith('autoscaler.yaml')));
}

/** As `loadAutoscalers`, from texts. */
export function parseAutoscalers(files: readonly TextFile[]): Autoscaler[] {
  const { sources, problems } = readDocuments(files);
  const autoscalers = sources.flatMap((source) => read(source, problems));
  if (problems.length > 0) throw new ManifestError(problems);
  return autoscalers;
}

function read(source: Source, problems: Problem[]): Autoscaler[] {
  const content: unknown = source.document.toJS();
  const kind = String(source.document.get('kind'));
  if (!(kind in kinds)) {
    const expected = Object.keys(kinds).join(' or ');
    problems.push(problemAt(source, ['kind'], `expected ${expected}, not '${kind}'`));
    return [];
  }
  const schema = kind === 'ScaledObject' ? kinds.ScaledObject : kinds.HorizontalPodAutoscaler;
  const result = schema.safeParse(content);
  if (!result.success) {
    const unsupported = 'not supported by the local engine';
    problems.push(...result.error.issues.flatMap((one) => issueProblems(source, one, unsupported)));
    return [];
  }
  problems.push(...checkAnnotations(source, result.data.metadata.annotations));
  const { data } = result;
  const autoscaler = data.kind === 'ScaledObject' ? fromScaledObject(data) : fromHorizontal(data);
  if (autoscaler.min > autoscaler.max) {
    problems.push(problemAt(source, ['spec'], 'expected no more replicas at least than at most'));
  }
  return [autoscaler];
}

function checkAnnotations(
  source: Source,
  annotations: Readonly<Record<string, string>>,
): Problem[] {
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (!key.startsWith('faultline.dev/')) return [];
    const path = ['metadata', 'annotations', key];
    if (key === local.interval) {
      const fits = (parseGoDuration(value) ?? 0) > 0;
      return fits
        ? []
        : [problemAt(source, path, `expected a duration such as 3s, not '${value}'`)];
    }
    if (key === local.min || key === local.max) {
      const fits = /^[1-9]\d?$/.test(value);
      return fits ? [] : [problemAt(source, path, `expected 1 to 99, not '${value}'`)];
    }
    const expected = Object.values(local).join(', ');
    return [problemAt(source, path, `expected one of ${expected}`)];
  });
}
