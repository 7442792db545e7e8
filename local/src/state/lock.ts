import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isSameProcess, processIdentity } from '../process/identity.ts';

/** The engine that holds a state directory, if it runs. */
export function lockHolder(file: string): number | undefined {
  try {
    const match = /^(\d+) (.+)$/.exec(readFileSync(file, 'utf8').trim());
    const [pid, identity] = [Number(match?.[1]), match?.[2]];
    return identity !== undefined && isSameProcess(pid, identity) ? pid : undefined;
  } catch {
    return undefined; // no such file
  }
}

/** Takes the lock of a state directory, also from an engine that is no more. Answers its release. */
export function takeLock(file: string): () => void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${process.pid} ${processIdentity(process.pid)}\n`, { mode: 0o600 });
  try {
    // A link appears with its content, unlike a file, which another engine could read half written.
    claim(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(file, { force: true });
}

function claim(draft: string, file: string): void {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = lockHolder(file);
    if (holder !== undefined) {
      throw new Error(
        `take ${file}: an engine runs on this state directory already (process ${holder}); ` +
          'stop it with faultline down, or name another with --data-dir',
      );
    }
    rmSync(file, { force: true });
  }
  throw new Error(`take ${file}: another engine is starting on this state directory`);
}
