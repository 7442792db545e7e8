import { spawn } from 'node:child_process';

export type Ran = { code: number | null; output: string };

const outputLengthMax = 16 * 1024 * 1024;

/** Runs a program to its end; its output, both streams together, up to a limit. */
export function run(
  program: string,
  args: readonly string[],
  options: {
    cwd: string;
    env?: Readonly<Record<string, string | undefined>>;
    signal?: AbortSignal;
    /** Read on standard input. */
    input?: string;
  },
): Promise<Ran> {
  const { cwd, env, signal, input } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      ...(env && { env: { ...env } }),
      ...(signal && { signal }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    const read = (chunk: string) => {
      if (output.length < outputLengthMax) output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', (cause) => {
      reject(new Error(`run ${program} ${args[0] ?? ''}: ${cause.message}`, { cause }));
    });
    child.on('close', (code) => resolve({ code, output }));
    // A program that ends before it has read everything says why by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
