import { Agent, request } from 'node:http';
import { systemClock } from '@faultline/chassis/clock';

export type Answer = { status: number; body: string };

/** Sends a GET; rejects when no whole answer comes. */
export function get(url: string, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent }, (reply) => {
      let body = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (body += chunk));
      reply.on('error', reject);
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

/** Callers that never give up: what happened to each of their requests. */
export class Load {
  readonly failures: string[] = [];
  readonly answeredBy = new Map<string, number>();
  #isOver = false;
  readonly #pauseMs: number;
  readonly #callers: Promise<void>[];
  readonly #agent = new Agent({ keepAlive: true });

  /** Each caller waits `pauseMs` after an answer. */
  constructor(url: string, callers: number, pauseMs = 0) {
    this.#pauseMs = pauseMs;
    this.#callers = Array.from({ length: callers }, () => this.#call(url));
  }

  get answered(): number {
    return [...this.answeredBy.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#callers);
    this.#agent.destroy();
  }

  async #call(url: string): Promise<void> {
    while (!this.#isOver) {
      try {
        const { status, body } = await get(url, this.#agent);
        if (status === 200) {
          const { name } = JSON.parse(body);
          this.answeredBy.set(name, (this.answeredBy.get(name) ?? 0) + 1);
        } else this.failures.push(`${status} ${body}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      if (this.#pauseMs > 0) await systemClock.sleep(this.#pauseMs);
    }
  }
}
