// @ts-check
import { spawn } from 'node:child_process';

/** Output kept to explain a failure; of more, the end is what matters. */
const keptCharacters = 64 * 1024;

/**
 * @typedef {{code: number, output: string}} Result
 * @typedef {(command: string, args: string[], options?: {cwd?: string, env?: Record<string, string | undefined>}) => Promise<Result>} Run
 */

/**
 * Runs a command without a terminal and collects what it printed.
 * A command that cannot be started answers with code 127, as a shell does.
 * @type {Run}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk.toString('utf8')).slice(-keptCharacters);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
