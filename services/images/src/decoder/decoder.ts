import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@faultline/chassis/clock';
import type { Answer, Task } from './protocol.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const MEMORY_BYTES_MAX = 320 * 1024 * 1024;
const IDLE_MS_MAX = 10_000;

/** The process ended before it answered; another attempt may go better. */
export class DecoderCrash extends Error {
  override name = 'DecoderCrash';
}

export type DecoderOptions = {
  clock: Clock;
  /** After this the process is killed and the picture refused. */
  timeoutMs: number;
  memoryBytesMax?: number;
  idleMsMax?: number;
};

/** One decoder process, started when there is work and ended when there has been none for a while. */
export class Decoder {
  readonly #options: DecoderOptions;
  #child: ChildProcess | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #idle = new AbortController();

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  /** The process's id while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Runs tasks one after another.
   * @throws DecoderCrash when the process died over it.
   */
  run(task: Task): Promise<Answer> {
    const turn = this.#queue.then(() => this.#attempt(task));
    this.#queue = Promise.allSettled([turn]);
    return turn;
  }

  close(): void {
    this.#idle.abort();
    this.#child?.kill('SIGKILL');
  }

  async #attempt(task: Task): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    this.#idle.abort();
    const child = (this.#child ??= this.#start());
    const answered = new AbortController();
    let expired = false;
    void clock.sleep(timeoutMs, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      expired = true;
      child.kill('SIGKILL');
    });
    try {
      return await ask(child, task);
    } catch (error) {
      if (expired) return { kind: 'refused', reason: 'took_too_long' };
      throw error;
    } finally {
      answered.abort();
      this.#endWhenIdle(child);
    }
  }

  #start(): ChildProcess {
    const { memoryBytesMax = MEMORY_BYTES_MAX } = this.#options;
    const child = fork(CHILD, [String(memoryBytesMax)], {
      serialization: 'advanced',
      // No secret of ours, and an allocator that gives memory back.
      env: { MALLOC_ARENA_MAX: '2' },
      execArgv: ['--max-old-space-size=64'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    return child;
  }

  #endWhenIdle(child: ChildProcess): void {
    const { clock, idleMsMax = IDLE_MS_MAX } = this.#options;
    const idle = new AbortController();
    this.#idle = idle;
    void clock.sleep(idleMsMax, idle.signal).then(() => {
      if (!idle.signal.aborted) child.kill('SIGKILL');
    });
  }
}

function ask(child: ChildProcess, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      stopListening();
      reject(new DecoderCrash(`the decoder process ended: ${String(cause)}`));
    };
    const onExit = (code: number | null, signal: string | null) => fail(signal ?? `code ${code}`);
    // The child sends nothing but answers.
    const onAnswer = (answer: Answer) => {
      stopListening();
      resolve(answer);
    };
    const stopListening = () => {
      child.off('exit', onExit).off('error', fail).off('message', onAnswer);
    };
    child.once('exit', onExit).once('error', fail).once('message', onAnswer);
    child.send(task, (error) => error && fail(error));
  });
}
