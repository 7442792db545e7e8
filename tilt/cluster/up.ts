import { writeSecrets } from './secrets.ts';
import { certificateCommands } from './certificates.ts';
import { flag, main, outputOf, runAll, succeeds } from './run.ts';
import { readVersions, stateDir, stepsFor } from './steps.ts';
import { take } from './take.ts';

/* `node tilt/cluster/up.ts linkerd --context kind-faultline` takes one step of the set-up. */
await main(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const steps = stepsFor(flag(args, '--context'), readVersions());
  const step = steps[name];
  if (step === undefined) {
    throw new Error(`expected one of ${Object.keys(steps).join(', ')}, not '${name}'`);
  }
  if (name === 'linkerd') await runAll(certificateCommands(stateDir));
  if (name === 'secrets') writeSecrets();
  const say = (text: string) => void process.stdout.write(text);
  await take(name, step, { runAll, succeeds, outputOf, say });
});
