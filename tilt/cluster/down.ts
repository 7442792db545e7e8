import { flag, main, runAll } from './run.ts';
import { removalFor } from './removal.ts';

/*
 * `node tilt/cluster/down.ts --context staging`, after `tilt down`, takes away what the set-up installed
 * in a cluster that stays. The Gateway API's definitions stay, too: others may use them.
 */
await main(() => runAll(removalFor(flag(process.argv, '--context'))));
