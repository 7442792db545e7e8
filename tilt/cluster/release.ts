import { releasePatch } from './rollouts.ts';
import { flag, main, named, runAll } from './run.ts';

/*
 * `node tilt/cluster/release.ts good orders --context kind-faultline`: a new version of the Deployment,
 * which Flagger takes from there. With `--image` it is another image, built and pushed before.
 */
await main(async () => {
  const [kind = '', target, ...args] = process.argv.slice(2);
  if (kind !== 'good' && kind !== 'bad') throw new Error(`expected good or bad, not '${kind}'`);
  const service = named(target, 'a service');
  const kubectl = ['kubectl', '--context', flag(args, '--context'), '-n', 'shop'] as const;
  const deployment = `deployment/${service}`;
  if (args.includes('--image')) {
    await runAll([[...kubectl, 'set', 'image', deployment, `${service}=${flag(args, '--image')}`]]);
  }
  // Seconds since 2020: greater each time, and short.
  const version = `1.1.${Math.floor((performance.timeOrigin - Date.UTC(2020, 0)) / 1000)}`;
  const patch = releasePatch(kind, {
    service,
    version: kind === 'bad' ? `${version}-bad` : version,
  });
  await runAll([[...kubectl, 'patch', deployment, '--type=strategic', '--patch', patch]]);
});
