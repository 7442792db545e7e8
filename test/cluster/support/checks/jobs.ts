import { isDeepStrictEqual } from 'node:util';
import { splitImage } from '../kustomize.ts';
import type { Problem } from '../manifest.ts';
import type { Resources } from '../resources.ts';
import { selects } from '../schemas/common.ts';
import { problem } from './references.ts';

type Job = Resources['Job'][number];
type Deployment = Resources['Deployment'][number];

/** Jobs end, are nobody's pods, and migrate the databases of those that wait for it. */
export function checkJobs(all: Resources): Problem[] {
  return [...all.Job.flatMap((job) => checkJob(job, all)), ...all.Deployment.flatMap(waitsForOne)];

  function waitsForOne(deployment: Deployment): Problem[] {
    const waits = variable(deployment, 'MIGRATIONS')?.value === 'await';
    const jobs = all.Job.filter((job) => isFor(job, deployment));
    if (waits === (jobs.length === 1)) return [];
    const message = waits
      ? `waits for migrations that ${jobs.length} Jobs apply`
      : 'does not wait for the Job that migrates its database';
    return [problem(`Deployment ${deployment.metadata.name}`, message)];
  }
}

function checkJob(job: Job, all: Resources): Problem[] {
  const { metadata, spec } = job;
  const { labels, annotations } = spec.template.metadata;
  const messages: string[] = [];
  const isNative = annotations['config.linkerd.io/proxy-enable-native-sidecar'] === 'true';
  if (annotations['linkerd.io/inject'] !== 'enabled' || !isNative) {
    messages.push('its sidecar would never end');
  }
  for (const service of all.Service) {
    const selector = { matchLabels: service.spec.selector, matchExpressions: [] };
    if (service.metadata.namespace === metadata.namespace && selects(selector, labels)) {
      messages.push(`Service ${service.metadata.name} takes it for a pod of its own`);
    }
  }
  for (const other of all.Deployment) {
    // By the same labels Flagger's Services find a version that is tried.
    if (other.metadata.namespace === metadata.namespace && selects(other.spec.selector, labels)) {
      messages.push(`Deployment ${other.metadata.name} takes it for a pod of its own`);
    }
  }
  const deployment = all.Deployment.find((one) => isFor(job, one));
  if (deployment === undefined) messages.push('nobody has the database that it migrates');
  else messages.push(...compare(job, deployment));
  return messages.map((message) => problem(`Job ${metadata.name}`, message));
}

/** What it must have of the service whose database it migrates. */
function compare(job: Job, deployment: Deployment): string[] {
  const messages: string[] = [];
  const own = deployment.spec.template.spec;
  if (job.spec.template.spec.serviceAccountName !== own.serviceAccountName) {
    messages.push(`has another account than Deployment ${deployment.metadata.name}`);
  }
  const [image = '', theirs = ''] = [job, deployment].map(imageOf);
  const { path, suffix } = splitImage(image);
  // Under Tilt it has an image of its own, built of the same Dockerfile.
  const isLive = path === `${splitImage(theirs).path}-migrations`;
  if (!isLive && image !== theirs) messages.push(`runs ${image}, and its service ${theirs}`);
  const version = suffix
    .replace(/^:/, '')
    .replaceAll('.', '-')
    .replace('@sha256:', '')
    .slice(0, 12);
  const expected = `${deployment.metadata.name}-migrations${version === '' ? '' : `-${version}`}`;
  if (job.metadata.name !== expected) {
    messages.push(`expected the name ${expected}: a Job cannot be given another image`);
  }
  return messages;
}

function isFor(job: Job, deployment: Deployment): boolean {
  const [own, theirs] = [job, deployment].map((one) => variable(one, 'DATABASE_URL'));
  return (
    job.metadata.namespace === deployment.metadata.namespace &&
    own !== undefined &&
    isDeepStrictEqual(own, theirs)
  );
}

function variable({ spec }: Job | Deployment, name: string) {
  return spec.template.spec.containers[0]?.env.find((one) => one.name === name);
}

function imageOf(one: Job | Deployment): string {
  return one.spec.template.spec.containers[0]?.image ?? '';
}
