import { systemClock } from '@faultline/chassis/clock';
import { connectEngine, type ControlClient } from '../control/client.ts';
import type { MeshReports } from '../engine-types.ts';
import { toEdges, type Edge } from '../mesh/edges.ts';
import { decisionsSince, lookAtProxies, type TappedDecision } from '../mesh/views.ts';
import { formatTable } from '../ui/table.ts';
import { printJson, textFlag, UsageError, type Command, type Invocation } from './command.ts';

export const mesh: Command = {
  name: 'mesh',
  args: '<routes|policy|identity|edges|tap>',
  summary: 'Show what the mesh goes by, and what it does with each request',
  example: 'faultline mesh tap --service orders',
  options: {
    service: { type: 'string', help: 'only what concerns that service' },
  },
  async run(invocation) {
    const [view = ''] = invocation.args;
    const show = views[view];
    if (show === undefined) {
      throw new UsageError(`mesh ${view}: expected ${Object.keys(views).join(', ')}`);
    }
    const engine = await connectEngine(invocation.dataDir);
    const service = textFlag(invocation, 'service');
    if (service !== undefined) await requireService(engine, service);
    await show(invocation, { engine, service });
    return 0;
  },
};

type Asked = { engine: ControlClient; service: string | undefined };

const views: Readonly<Record<string, (invocation: Invocation, asked: Asked) => Promise<void>>> = {
  async routes(invocation, { engine, service }) {
    // Named as it was asked for.
    const report = (await engine.call('mesh', { view: 'routes' })) as MeshReports['routes'];
    const services = report.services.filter(({ name }) => [name, undefined].includes(service));
    if (invocation.json) return printJson(invocation, { ...report, services });
    print(invocation, routeRows({ ...report, services }), [
      ...report.warnings,
      ...(report.problem === undefined ? [] : [report.problem]),
    ]);
  },
  async policy(invocation, { engine, service }) {
    // As above.
    const report = (await engine.call('mesh', { view: 'policy' })) as MeshReports['policy'];
    if (invocation.json) return printJson(invocation, report);
    print(invocation, policyRows(report, service), report.warnings);
  },
  async identity(invocation, { engine }) {
    // As above.
    const report = (await engine.call('mesh', { view: 'identity' })) as MeshReports['identity'];
    if (invocation.json) return printJson(invocation, report);
    print(invocation, identityRows(report), []);
  },
  async edges(invocation, { engine, service }) {
    const status = await engine.call('status', { secrets: false });
    const before = await lookAtProxies(status);
    const startedMs = systemClock.monotonic();
    await systemClock.sleep(1_000);
    const after = await lookAtProxies(status);
    const edges = toEdges(before, after, systemClock.monotonic() - startedMs).filter(
      ({ source, target }) => service === undefined || [source, target].includes(service),
    );
    if (invocation.json) return printJson(invocation, edges);
    print(invocation, edgeRows(edges), []);
  },
  async tap(invocation, { engine, service }) {
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    const shown = new Set<string>();
    let sinceMs = systemClock.now();
    while (!stop.signal.aborted) {
      const status = await engine.call('status', { secrets: false });
      const fresh = (await decisionsSince(status, sinceMs - 10_000)).filter((one) => {
        const key = JSON.stringify(one);
        if (one.atMs < sinceMs - 5_000 || shown.has(key)) return false;
        shown.add(key);
        return service === undefined || concerns(one, service);
      });
      for (const one of fresh) {
        invocation.terminal.out(`${invocation.json ? JSON.stringify(one) : tapLine(one)}\n`);
      }
      if (shown.size > 20_000) shown.clear();
      sinceMs = systemClock.now();
      await systemClock.sleep(500, stop.signal);
    }
  },
};

async function requireService(engine: ControlClient, service: string): Promise<void> {
  const { services } = await engine.call('status', { secrets: false });
  const known = services.map(({ name }) => name);
  if (known.includes(service)) return;
  throw new UsageError(`there is no service '${service}'; expected one of: ${known.join(', ')}`);
}

function concerns({ instance, destination }: TappedDecision, service: string): boolean {
  return instance.startsWith(`${service}-`) || destination.split(/[.:]/)[0] === service;
}

function print(
  { terminal }: Invocation,
  rows: readonly (readonly string[])[],
  warnings: readonly string[],
): void {
  terminal.out(formatTable(rows));
  for (const warning of warnings) terminal.out(`${terminal.paint('yellow', '!')} ${warning}\n`);
}

function routeRows({ services, statuses }: MeshReports['routes']): string[][] {
  const rows = services.flatMap(({ name, port, routes, timeouts, retry, accrual }) => {
    const breaker = accrual ? `${accrual.maxFailures} in a row` : '-';
    const own = { timeouts, retry, matches: [] };
    const rules =
      routes.length === 0
        ? [{ route: '(default)', accepted: '-', ...own }]
        : routes.flatMap(({ ref, rules: of }) =>
            of.map((rule) => ({
              route: ref.name,
              accepted: acceptedOf(ref.name, statuses),
              ...rule,
            })),
          );
    return rules.map((rule) => [
      `${name}:${port}`,
      rule.route,
      rule.accepted,
      rule.matches.map(describeMatch).join(' | ') || '*',
      describeTimeouts(rule.timeouts),
      rule.retry ? `${rule.retry.limit}x ${describeRetry(rule.retry)}` : '-',
      breaker,
    ]);
  });
  return [['SERVICE', 'ROUTE', 'ACCEPTED', 'MATCH', 'TIMEOUTS', 'RETRIES', 'BREAKER'], ...rows];
}

type Reported = MeshReports['routes'];
type Rule = Reported['services'][number]['routes'][number]['rules'][number];

function acceptedOf(route: string, statuses: Reported['statuses']): string {
  const parents = statuses.find(({ ref }) => ref.name === route)?.parents ?? [];
  const conditions = parents.flatMap((parent) => parent.conditions);
  const failed = conditions.find(({ status }) => status !== 'True');
  return failed ? `${failed.type}=${failed.status} ${failed.reason}` : 'yes';
}

function describeMatch({
  method,
  path,
  headers = [],
  query = [],
}: Rule['matches'][number]): string {
  const kinds = { Exact: '', PathPrefix: '*', RegularExpression: ' (regex)' };
  const where = path ? `${path.value}${kinds[path.type]}` : '*';
  const extra = [...headers, ...query].map(({ name }) => name);
  return [method, where, ...extra].filter(Boolean).join(' ');
}

function describeTimeouts({ requestMs, responseMs, idleMs }: Rule['timeouts']): string {
  const parts = { request: requestMs, response: responseMs, idle: idleMs };
  const set = Object.entries(parts).flatMap(([name, ms]) =>
    ms === undefined ? [] : [`${name} ${ms} ms`],
  );
  return set.join(', ') || '-';
}

function describeRetry({ statuses }: NonNullable<Rule['retry']>): string {
  return statuses.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',') || '-';
}

function policyRows({ instances }: MeshReports['policy'], service: string | undefined): string[][] {
  const rows = instances
    .filter(({ name }) => service === undefined || name.startsWith(`${service}-`))
    .flatMap(({ name, servers, default: defaults }) => [
      ...servers.flatMap(({ ref, port, authorizations, rateLimit }) =>
        (authorizations.length === 0 ? [undefined] : authorizations).map((grant) => [
          name,
          `${port}`,
          ref.name,
          grant ? grant.name : '(nobody)',
          grant ? describeWho(grant.authentication) : '-',
          rateLimit ? rateLimit.ref.name : '-',
        ]),
      ),
      ...(servers.length === 0
        ? [[name, '*', '(default)', defaults.map((one) => one.name).join(', '), '-', '-']]
        : []),
    ]);
  return [['INSTANCE', 'PORT', 'SERVER', 'GRANTED BY', 'TO', 'RATE LIMIT'], ...rows];
}

function describeWho(authentication: unknown): string {
  // Shown as the proxies are told it, shortened where a name is an identity of this mesh.
  return JSON.stringify(authentication).replaceAll(/\.serviceaccount\.identity[\w.-]*/g, '');
}

function identityRows({
  trustDomain,
  anchors,
  issuer,
  proxies,
}: MeshReports['identity']): string[][] {
  const until = (ms: number) => new Date(ms).toISOString();
  return [
    ['WHAT', 'NAME', 'UNTIL', 'SHA-256'],
    ...anchors.map((one) => [
      'anchor',
      one.subject,
      until(one.notAfterMs),
      one.sha256.slice(0, 23),
    ]),
    ['issuer', issuer.subject, until(issuer.notAfterMs), issuer.sha256.slice(0, 23)],
    ...proxies.map((one) => ['proxy', one.instance, until(one.certificateNotAfterMs), trustDomain]),
  ];
}

function edgeRows(edges: readonly Edge[]): string[][] {
  const rows = edges.map((edge) => [
    edge.source,
    edge.target,
    edge.protocol,
    edge.rps.toFixed(1),
    edge.success === null ? '-' : `${(edge.success * 100).toFixed(1)} %`,
    String(edge.retries),
    edge.p95_ms === null ? '-' : `${edge.p95_ms} ms`,
    edge.mtls ? 'yes' : 'no',
    edge.ejected.join(', ') || '-',
  ]);
  const heading = ['SOURCE', 'TARGET', '', 'RPS', 'SUCCESS', 'RETRIES', 'P95', 'MTLS', 'EJECTED'];
  return [heading, ...rows];
}

function tapLine(one: TappedDecision): string {
  const arrow = one.direction === 'outbound' ? `→ ${one.destination}` : '← in';
  const why = [
    one.route && `route ${one.route}${one.rule === undefined ? '' : `#${one.rule}`}`,
    one.endpoint && `to ${one.endpoint}`,
    one.attempts > 1 && `${one.attempts} attempts`,
    one.breaker && one.breaker !== 'open' && `breaker ${one.breaker}`,
    one.authorization && `by ${one.authorization}`,
    one.faults && `fault ${one.faults.join(', ')}`,
    one.error && `error ${one.error}`,
    one.nearest && `nearest: ${one.nearest}`,
  ].filter(Boolean);
  const time = new Date(one.atMs).toISOString().slice(11, 23);
  const took = `${(one.durationMs ?? 0).toFixed(1)} ms`;
  return `${time} ${one.instance} ${arrow} ${one.method} ${one.path} ${one.status ?? '-'} ${took}  ${why.join('; ')}`;
}
