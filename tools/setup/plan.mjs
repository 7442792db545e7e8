// @ts-check
/**
 * What has to be done, given what is. No I/O here: the facts come from facts.mjs.
 *
 * @typedef {{lockHash: string, platform: string, arch: string, triedAtMs?: Record<string, number>}} Stamp
 * @typedef {{id: string, why: string, variable: string, available: boolean, optional: boolean,
 *   packages: {apt: string, brew: string | null}}} Program
 * @typedef {{dir: string, stale: boolean}} Bundle
 * @typedef {{
 *   nowMs: number, platform: string, arch: string, lockHash: string,
 *   stamp: Stamp | null, nodeInstalled: boolean, installedMatchesLock: boolean,
 *   programs: Program[], manager: 'apt' | 'brew' | null, privilege: 'root' | 'sudo' | 'none',
 *   bundles: Bundle[],
 * }} Facts
 * @typedef {{do: 'stamp'} | {do: 'npm-ci', why: string} |
 *   {do: 'install', manager: 'apt' | 'brew', sudo: boolean, programs: Program[], optional: boolean} |
 *   {do: 'bundle', dir: string}} Step
 * @typedef {{steps: Step[], problems: string[], notes: string[]}} Plan
 */

/** An optional program that could not be installed is not tried again for this long. */
const retryOptionalAfterMs = 24 * 60 * 60 * 1000;

/**
 * @param {Facts} facts
 * @returns {Plan}
 */
export function planSetup(facts) {
  const packages = planPackages(facts);
  const programs = planPrograms(facts);
  const bundles = facts.bundles.filter((bundle) => bundle.stale);
  return {
    steps: [
      ...packages,
      ...programs.steps,
      ...bundles.map(({ dir }) => /** @type {const} */ ({ do: 'bundle', dir })),
    ],
    problems: programs.problems,
    notes: programs.notes,
  };
}

/**
 * @param {Facts} facts
 * @returns {Step[]}
 */
function planPackages(facts) {
  const { stamp } = facts;
  if (!facts.nodeInstalled) {
    return [{ do: 'npm-ci', why: stamp ? 'node_modules is incomplete' : 'first run' }];
  }
  if (stamp && (stamp.platform !== facts.platform || stamp.arch !== facts.arch)) {
    const was = `${stamp.platform}-${stamp.arch}`;
    return [{ do: 'npm-ci', why: `node_modules was installed for ${was}` }];
  }
  if (stamp?.lockHash === facts.lockHash) return [];
  // Someone ran npm by hand and it agrees with the lockfile: take it as it is.
  if (facts.installedMatchesLock) return [{ do: 'stamp' }];
  return [{ do: 'npm-ci', why: 'package-lock.json changed' }];
}

/**
 * @param {Facts} facts
 * @returns {Plan}
 */
function planPrograms(facts) {
  /** @type {Plan} */
  const plan = { steps: [], problems: [], notes: [] };
  const missing = facts.programs.filter((program) => !program.available);
  const required = missing.filter((program) => !program.optional);
  const optional = missing.filter((program) => program.optional);

  if (required.length > 0) {
    if (canInstall(facts, required)) plan.steps.push(install(facts, required));
    else plan.problems.push(...required.map((program) => explain(program, facts)));
  }
  for (const program of optional) {
    const triedAtMs = facts.stamp?.triedAtMs?.[program.id] ?? 0;
    const triedLately = facts.nowMs - triedAtMs < retryOptionalAfterMs;
    if (canInstall(facts, [program]) && !triedLately) plan.steps.push(install(facts, [program]));
    else plan.notes.push(explain(program, facts));
  }
  return plan;
}

/**
 * @param {Facts} facts
 * @param {Program[]} programs
 */
function canInstall(facts, programs) {
  if (facts.manager === 'apt') return facts.privilege !== 'none';
  return facts.manager === 'brew' && programs.every((program) => program.packages.brew !== null);
}

/**
 * @param {Facts} facts
 * @param {Program[]} programs
 * @returns {Step}
 */
function install(facts, programs) {
  return {
    do: 'install',
    manager: facts.manager === 'brew' ? 'brew' : 'apt',
    sudo: facts.manager === 'apt' && facts.privilege === 'sudo',
    programs,
    optional: programs.every((program) => program.optional),
  };
}

/**
 * What is missing, why it is needed, and the command or variable that solves it.
 * @param {Program} program
 * @param {Pick<Facts, 'manager'>} facts
 * @returns {string}
 */
export function explain(program, facts) {
  const { packages } = program;
  const commands = {
    apt: `sudo apt-get install -y --no-install-recommends ${packages.apt}`,
    brew: packages.brew === null ? null : `brew install ${packages.brew}`,
  };
  const command = facts.manager === null ? null : commands[facts.manager];
  const solution = command ?? `install ${program.id} with your system's package manager`;
  return [
    `${program.id} is missing: ${program.why}.`,
    `  Either: ${solution}`,
    `  or set: ${program.variable}`,
  ].join('\n');
}

/**
 * Whether node_modules holds what the lockfile says, judged by the record npm keeps there.
 * @param {unknown} lock package-lock.json
 * @param {unknown} installed node_modules/.package-lock.json
 * @returns {boolean}
 */
export function installedMatchesLock(lock, installed) {
  const wanted = packagesOf(lock);
  const present = packagesOf(installed);
  if (wanted === null || present === null) return false;
  const keys = new Set([...Object.keys(wanted), ...Object.keys(present)]);
  keys.delete('');
  return [...keys].every((key) => {
    const { optional = false, devOptional = false } = wanted[key] ?? {};
    if (!(key in present)) return optional || devOptional;
    return wanted[key] !== undefined && wanted[key].version === present[key]?.version;
  });
}

/**
 * @param {unknown} lock
 * @returns {Record<string, {version?: string, optional?: boolean, devOptional?: boolean}> | null}
 */
function packagesOf(lock) {
  if (typeof lock !== 'object' || lock === null || !('packages' in lock)) return null;
  // npm wrote it; were it malformed, the comparison would fail, and that only costs time.
  return /** @type {ReturnType<typeof packagesOf>} */ (lock.packages) ?? null;
}
