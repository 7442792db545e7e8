/**
 * Something that a user does with `faultline`, and what `faultline why` must say. In commands and names,
 * `catalog#1` is the first instance of catalog, and `catalog@new` one that was not there before.
 */
export type Case = {
  readonly name: string;
  /** Begun six seconds before it, and not waited for. */
  readonly before?: readonly string[];
  /** The service whose new version has to have its first share of the requests by then. */
  readonly onTrial?: string;
  /** What else has to be undone. */
  readonly after?: readonly string[];
  /** Begun at the same moment, and not waited for. */
  readonly beside?: readonly string[];
  /** What breaks it; measured from the end of the last of them. */
  readonly commands: readonly string[];
  /**
   * What must be named, each by one of its names, as `kind name`; none where nothing is broken.
   */
  readonly origins: readonly (readonly string[])[];
};

/** A service of one instance may be named by that. */
const only = (service: string): string[] => [`service ${service}`, `instance ${service}#1`];

const PROVIDER = ['provider payment-provider', 'edge payments->payment-provider'];
const RUSH = 'load --rps 30 --duration 14s';
const BAD_RELEASE = 'deploy catalog --patch examples/releases/all-errors.bad.patch';

/** Every kind of trouble that the analysis is for, each in the form in which a user meets it. */
export const cases: readonly Case[] = [
  {
    name: 'errors',
    commands: ['fault add error --target inventory'],
    origins: [only('inventory')],
  },
  {
    name: 'errors of an edge',
    commands: ['fault add error --target gateway->catalog'],
    origins: [['edge gateway->catalog']],
  },
  {
    name: 'latency',
    commands: ['fault add delay --target catalog --delay 500ms'],
    origins: [['service catalog']],
  },
  {
    name: 'latency of an edge',
    commands: ['fault add delay --target gateway->storefront --delay 500ms'],
    origins: [['edge gateway->storefront']],
  },
  {
    name: 'timeouts that hide a cancelled child',
    commands: ['fault add delay --target inventory --delay 5s'],
    origins: [only('inventory')],
  },
  {
    name: 'killed instance',
    commands: ['fault add kill --target catalog#1'],
    origins: [['instance catalog#1']],
  },
  {
    name: 'unreachable service',
    commands: ['fault add blackhole --target inventory'],
    origins: [only('inventory')],
  },
  {
    name: 'slow PostgreSQL',
    commands: ['fault add delay --target postgres --delay 300ms'],
    origins: [['store postgres']],
  },
  {
    name: 'dead Redis',
    commands: ['fault add reset --target redis'],
    origins: [['store redis']],
  },
  {
    name: 'slow payment provider',
    commands: ['fault add delay --target payments->payment-provider --delay 2s'],
    origins: [PROVIDER],
  },
  {
    name: 'failing payment provider',
    commands: ['fault add error --target payments->payment-provider'],
    origins: [PROVIDER],
  },
  {
    name: 'queue backlog',
    before: ['load --rps 12 --duration 30s --journeys upload=1'],
    commands: ['fault add delay --target images->postgres --delay 1500ms'],
    origins: [
      ['queue jobs of renditions', 'queue images.jobs', 'edge images->postgres', ...only('images')],
    ],
  },
  {
    name: 'bad version in a split',
    // Paused, or it would be undone before many have met it.
    before: [`${BAD_RELEASE} --skip-tests --no-wait`],
    onTrial: 'catalog',
    commands: ['rollout pause catalog'],
    after: ['rollout abort catalog'],
    origins: [['version catalog', 'instance catalog@new']],
  },
  {
    name: 'one sick replica',
    commands: ['fault add error --target catalog#1 --share 50'],
    origins: [['instance catalog#1']],
  },
  {
    name: 'masked by a breaker',
    commands: ['fault add error --target catalog#2'],
    origins: [['instance catalog#2']],
  },
  {
    name: 'retry storm',
    beside: ['load --rps 10 --duration 14s'],
    commands: ['fault add error --target catalog --share 70'],
    origins: [['service catalog']],
  },
  {
    name: 'two at once',
    commands: [
      'fault add error --target payments->payment-provider',
      'fault add delay --target inventory --delay 500ms',
    ],
    origins: [PROVIDER, only('inventory')],
  },
  {
    name: 'load spike without a fault',
    beside: [RUSH],
    commands: [],
    origins: [],
  },
  {
    name: 'unrelated deploy at the same moment',
    beside: ['restart storefront'],
    commands: ['fault add error --target gateway->catalog'],
    origins: [['edge gateway->catalog']],
  },
];
