import { connectEngine } from '../control/client.ts';
import type { ListedRelease } from '../rollouts/deploys.ts';
import { formatTable } from '../ui/table.ts';
import { printJson, type Command } from './command.ts';

export const releases: Command = {
  name: 'releases',
  args: '[service]',
  summary: 'List versions that faultline deploy <service> --version goes back to',
  example: 'faultline releases catalog',
  options: {},
  async run(invocation) {
    const [service] = invocation.args;
    const engine = await connectEngine(invocation.dataDir);
    const answer = await engine.call('releases', service === undefined ? {} : { service });
    if (invocation.json) printJson(invocation, answer);
    else {
      const heading = ['SERVICE', 'VERSION', 'RUNS', 'MADE', 'BY', 'FROM', 'CHANGED', 'UNCHECKED'];
      invocation.terminal.out(formatTable([heading, ...answer.releases.map(toRow)]));
    }
    return 0;
  },
};

function toRow(release: ListedRelease): string[] {
  const { service, version, runs, created_at, author, source, patch, diff, skipped } = release;
  const place = { 'working-tree': 'working tree', folder: 'folder', git: 'git' }[source.kind];
  const from = patch === null ? place : `${place} + ${patch}`;
  const files = diff.files.length;
  return [
    service,
    version,
    runs.join(', ') || '-',
    created_at,
    author,
    from,
    diff.against === null ? '-' : `${files} ${files === 1 ? 'file' : 'files'}`,
    skipped.join(', ') || '-',
  ];
}
