import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './run.ts';

const anchorDays = 3650;
const issuerDays = 365;

/**
 * Makes the trust anchor and the issuer that Linkerd asks for (ECDSA P-256) unless they are there: how
 * they are renewed is in docs/cluster.md. The commands are openssl's, for `dir`.
 */
export function certificateCommands(dir: string): Command[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(dir, name);
  writeFileSync(
    file('issuer.ext'),
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n',
  );
  const key = (name: string): Command => [
    'openssl',
    'ecparam',
    '-name',
    'prime256v1',
    '-genkey',
    '-noout',
    '-out',
    file(name),
  ];
  const anchor: Command[] = [
    key('ca.key'),
    [
      'openssl',
      'req',
      '-x509',
      '-new',
      '-sha256',
      '-key',
      file('ca.key'),
      '-out',
      file('ca.crt'),
      '-days',
      String(anchorDays),
      '-subj',
      '/CN=root.linkerd.cluster.local',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    ],
  ];
  const issuer: Command[] = [
    key('issuer.key'),
    [
      'openssl',
      'req',
      '-new',
      '-sha256',
      '-key',
      file('issuer.key'),
      '-out',
      file('issuer.csr'),
      '-subj',
      '/CN=identity.linkerd.cluster.local',
    ],
    [
      'openssl',
      'x509',
      '-req',
      '-sha256',
      '-in',
      file('issuer.csr'),
      '-out',
      file('issuer.crt'),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      String(issuerDays),
      '-extfile',
      file('issuer.ext'),
    ],
  ];
  if (!existsSync(file('ca.crt'))) return [...anchor, ...issuer];
  return existsSync(file('issuer.crt')) ? [] : issuer;
}
