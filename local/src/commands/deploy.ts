import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { connectEngine, type ControlClient } from '../control/client.ts';
import { EngineError } from '../engine-error.ts';
import { isUnderWay } from '../rollouts/commands.ts';
import type { DeployReply, DeployRequest } from '../rollouts/deploys.ts';
import { followRollout } from '../ui/rollout-view.ts';
import { printJson, textFlag, UsageError, type Command, type Invocation } from './command.ts';

export const deploy: Command = {
  name: 'deploy',
  args: '<service>',
  summary: 'Try a new version of a service on a growing share of its calls',
  example: 'faultline deploy catalog --patch examples/releases/price-label.good.patch',
  options: {
    version: { type: 'string', help: 'its name; alone: a release to go back to' },
    from: { type: 'string', help: 'a folder or git ref to take it from (default: working tree)' },
    patch: { type: 'string', help: 'a file of changes to make to that' },
    set: {
      type: 'string',
      multiple: true,
      help: 'NAME=VALUE in its environment; may be repeated',
    },
    strategy: {
      type: 'string',
      help: "'canary' (default where there is a Canary) or 'rolling': no analysis",
    },
    'skip-tests': { type: 'boolean', help: 'without its own tests; recorded' },
    wait: {
      type: 'boolean',
      help: 'until it is promoted, or rolled back (exit code 1); the default on a terminal',
    },
    'no-wait': { type: 'boolean', help: 'only until the rollout has begun' },
  },
  async run(invocation) {
    const request = await toRequest(invocation);
    const engine = await connectEngine(invocation.dataDir);
    const { terminal, json, flags } = invocation;
    if (!json) terminal.err(`${request.service}: taking a snapshot and checking it\n`);
    const reply = await engine.call('deploy', request);
    if (!json) terminal.out(`${describe(reply)}\n`);
    const isWaiting = flags['wait'] === true || (terminal.interactive && flags['no-wait'] !== true);
    const isCanary = reply.strategy === 'canary';
    if (isWaiting && isCanary) return follow(engine, { reply, invocation });
    if (json) printJson(invocation, reply);
    return 0;
  },
};

async function toRequest(invocation: Invocation): Promise<DeployRequest> {
  const [service = ''] = invocation.args;
  const from = textFlag(invocation, 'from');
  const patch = textFlag(invocation, 'patch');
  const version = textFlag(invocation, 'version');
  const strategy = textFlag(invocation, 'strategy');
  const settings = [invocation.flags['set'] ?? []].flat().filter((one) => typeof one === 'string');
  if (strategy !== undefined && strategy !== 'canary' && strategy !== 'rolling') {
    throw new UsageError(`--strategy: expected canary or rolling, not '${strategy}'`);
  }
  // Loaded where it is used, as what is dear and no other command needs.
  const { parseSource } = await import('../rollouts/releases/source.ts');
  return {
    service,
    ...(version !== undefined && { version }),
    ...(from !== undefined && { source: parseSource(from) }),
    ...(patch !== undefined && { patch: await readPatch(patch) }),
    ...(settings.length > 0 && { env: Object.fromEntries(settings.map(parseSetting)) }),
    ...(strategy !== undefined && { strategy }),
    ...(invocation.flags['skip-tests'] === true && { skip: ['tests'] }),
  };
}

async function readPatch(path: string): Promise<{ name: string; text: string }> {
  try {
    return { name: basename(path), text: await readFile(path, 'utf8') };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(`--patch ${path}: ${why}`, { cause });
  }
}

function parseSetting(text: string): [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(`--set: expected NAME=VALUE, not '${text}'`);
}

function describe(reply: DeployReply): string {
  const { version, diff, skipped } = reply.release;
  const { service } = reply;
  const changed = diff.files.map(({ path, added, removed }) => `  ${path} +${added} -${removed}`);
  const since = diff.against === null ? '' : `, since ${diff.against}:`;
  return [
    `${service.name} ${version}${changed.length > 0 ? since : ''}`,
    ...changed,
    ...(skipped.length > 0 ? [`not checked: ${skipped.join(', ')}`] : []),
    isServing(reply)
      ? `${service.name} ${version} serves.`
      : `${service.name} ${version} is on trial: faultline rollout status ${service.name}`,
  ].join('\n');
}

/** What serves already is not tried again. */
function isServing({ release, strategy, rollout }: DeployReply): boolean {
  if (strategy === 'rolling' || rollout === null) return true;
  return !isUnderWay(rollout.phase) && rollout.primary.version === release.version;
}

/** Exit code 1 for a version that did not make it. */
async function follow(
  engine: ControlClient,
  { reply, invocation }: { reply: DeployReply; invocation: Invocation },
): Promise<number> {
  const { release, service } = reply;
  const rollout = await followRollout(engine, { service: service.name, invocation });
  if (invocation.json) printJson(invocation, { ...reply, rollout });
  return rollout.primary.version === release.version ? 0 : 1;
}
