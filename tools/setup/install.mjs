// @ts-check
/** @typedef {import('./plan.mjs').Program} Program */

/**
 * As root. Debian starts a server as soon as it is installed and again at every boot; that would
 * take the very ports we need, so it is told not to: by policy-rc.d now, by systemctl later.
 */
const aptScript = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
options='-y --no-install-recommends -o DPkg::Lock::Timeout=300'
apt-get update -o DPkg::Lock::Timeout=300
apt-get install $options "$@" || { sleep 3; apt-get update; apt-get install $options "$@"; }
if command -v systemctl > /dev/null; then
  for package in "$@"; do systemctl disable --quiet "$package" 2> /dev/null || true; done
fi
`;

/**
 * The command that installs system packages.
 * @param {{manager: 'apt' | 'brew', sudo: boolean, programs: Program[]}} step
 * @returns {[command: string, args: string[]]}
 */
export function installCommand({ manager, sudo, programs }) {
  if (manager === 'brew') {
    return ['brew', ['install', ...programs.flatMap(({ packages }) => packages.brew ?? [])]];
  }
  const args = ['-c', aptScript, 'sh', ...programs.map(({ packages }) => packages.apt)];
  return sudo ? ['sudo', ['-n', 'sh', ...args]] : ['sh', args];
}
