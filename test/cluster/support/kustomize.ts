import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { generateConfigMap, pointAtGenerated } from './config-maps.ts';
import { applyJsonPatch } from './json-patch.ts';
import type { Manifest } from './manifest.ts';
import { mergeStrategically } from './strategic-merge.ts';

/*
 * What `kubectl kustomize --load-restrictor LoadRestrictionsNone` does with the features that this
 * project uses; any other is an error. Where kubectl is at hand, a test compares the two.
 */
const kustomization = z.strictObject({
  apiVersion: z.enum(['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1alpha1']),
  kind: z.enum(['Kustomization', 'Component']),
  namespace: z.string().optional(),
  nameSuffix: z.string().optional(),
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  configMapGenerator: z
    .array(z.strictObject({ name: z.string(), files: z.array(z.string()) }))
    .default([]),
  patches: z
    .array(
      z
        .strictObject({
          path: z.string().optional(),
          patch: z.string().optional(),
          target: z.strictObject({ kind: z.string(), name: z.string().optional() }).optional(),
        })
        .refine(({ path, patch }) => (path === undefined) !== (patch === undefined)),
    )
    .default([]),
  images: z
    .array(
      z.strictObject({
        name: z.string(),
        newName: z.string().optional(),
        newTag: z.string().optional(),
        digest: z.string().optional(),
      }),
    )
    .default([]),
});

type Kustomization = z.output<typeof kustomization>;
type Patch = Kustomization['patches'][number];

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

const clusterWide = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);

/** What the kustomization in `dir` renders to. Throws naming the file that is wrong. */
export function kustomize(dir: string): Manifest[] {
  return build(dir, []);
}

function build(dir: string, given: readonly Manifest[]): Manifest[] {
  const file = join(dir, 'kustomization.yaml');
  const wanted = read(file);
  let all = [...given, ...wanted.resources.flatMap((path) => load(dir, path))];
  for (const path of wanted.components) all = build(join(dir, path), all);
  const generated = wanted.configMapGenerator.map((spec) => generateConfigMap(dir, spec));
  all = [...all, ...generated.map((one) => one.manifest)];
  for (const patch of wanted.patches) all = applyPatch(all, patch, dir);
  all = all.map((one) => withSuffix(inNamespace(one, wanted.namespace), wanted.nameSuffix));
  all = all.map((one) => withImages(one, wanted.images));
  return all.map((one) => pointAtGenerated(one, generated));
}

function read(file: string): Kustomization {
  if (!existsSync(file)) throw new Error(`read ${file}: there is no such file`);
  const result = kustomization.safeParse(parse(readFileSync(file, 'utf8')));
  if (result.success) return result.data;
  throw new Error(`read ${file}: ${z.prettifyError(result.error)}`);
}

function load(dir: string, path: string): Manifest[] {
  const target = join(dir, path);
  if (!existsSync(target)) throw new Error(`read ${dir}: there is no ${path}`);
  return statSync(target).isDirectory() ? build(target, []) : readManifests(target);
}

function readManifests(file: string): Manifest[] {
  return parseManifests(readFileSync(file, 'utf8'), file);
}

/**
 * The documents of a text that `name` stands for in messages. Throws when one is not a Kubernetes
 * object.
 */
export function parseManifests(text: string, name: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw new Error(`read ${name}: ${document.errors[0].message}`);
    const content: unknown = document.toJS();
    if (content === null) return [];
    const result = manifest.safeParse(content);
    if (result.success) return [result.data];
    throw new Error(`read ${name}: ${z.prettifyError(result.error)}`);
  });
}

function applyPatch(all: readonly Manifest[], patch: Patch, dir: string): Manifest[] {
  const text = patch.patch ?? readFileSync(join(dir, patch.path ?? ''), 'utf8');
  const content: unknown = parse(text);
  const target = patch.target ?? targetOf(content, patch.path ?? dir);
  const isMeant = ({ kind, metadata }: Manifest) =>
    new RegExp(`^(?:${target.kind})$`).test(kind) &&
    (target.name === undefined || new RegExp(`^(?:${target.name})$`).test(metadata.name));
  if (patch.target === undefined && !all.some(isMeant)) {
    throw new Error(`patch ${dir}: there is no ${target.kind} ${target.name}`);
  }
  return all.map((one) => {
    if (!isMeant(one)) return one;
    const patched = Array.isArray(content)
      ? applyJsonPatch(one, content)
      : mergeStrategically(one, content);
    const renamed = {
      ...one.metadata,
      ...manifest.parse(patched).metadata,
      name: one.metadata.name,
    };
    return { ...manifest.parse(patched), metadata: renamed };
  });
}

function targetOf(content: unknown, where: string): { kind: string; name: string | undefined } {
  const result = manifest.safeParse(content);
  if (!result.success) throw new Error(`patch ${where}: expected a target, or a kind and a name`);
  return { kind: result.data.kind, name: result.data.metadata.name };
}

function inNamespace(one: Manifest, namespace: string | undefined): Manifest {
  if (namespace === undefined || clusterWide.has(one.kind)) return one;
  return { ...one, metadata: { ...one.metadata, namespace } };
}

/** References are left alone: nothing names a Job. */
function withSuffix(one: Manifest, suffix: string | undefined): Manifest {
  if (suffix === undefined) return one;
  if (one.kind !== 'Job')
    throw new Error(`nameSuffix: a ${one.kind} may be referred to by its name`);
  return { ...one, metadata: { ...one.metadata, name: `${one.metadata.name}${suffix}` } };
}

function withImages(one: Manifest, images: Kustomization['images']): Manifest {
  if (images.length === 0) return one;
  return manifest.parse(replaceImages(one, images));
}

function replaceImages(value: unknown, images: Kustomization['images']): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceImages(item, images));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      const isImage = key === 'image' && typeof item === 'string';
      return [key, isImage ? renameImage(item, images) : replaceImages(item, images)];
    }),
  );
}

function renameImage(image: string, images: Kustomization['images']): string {
  const { path, suffix } = splitImage(image);
  const change = images.find(({ name }) => name === path);
  if (change === undefined) return image;
  const tag = change.newTag === undefined ? suffix : `:${change.newTag}`;
  return `${change.newName ?? path}${change.digest === undefined ? tag : `@${change.digest}`}`;
}

/** `registry:5000/a/b:1.0` as `registry:5000/a/b` and `:1.0`. */
export function splitImage(image: string): { path: string; suffix: string } {
  const last = basename(image);
  const at = last.search(/[:@]/);
  const folder = dirname(image) === '.' ? '' : `${dirname(image)}/`;
  if (at < 0) return { path: image, suffix: '' };
  return { path: `${folder}${last.slice(0, at)}`, suffix: last.slice(at) };
}
