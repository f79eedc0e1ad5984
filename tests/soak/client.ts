import type { SoakServer } from './server.ts';
import type { Traffic } from './traffic.ts';

/** What clients saw. */
export interface Outcome {
  answers: number;
  /** By kind of traffic and status. */
  readonly statuses: Map<string, number>;
  /** What was not as it must be, the first of them. */
  readonly wrong: string[];
}

const maxWrong = 20;
const answerWithinMs = 15_000;
/** Attempts are remembered of so many answers, the newest. */
const maxRemembered = 50_000;

/** Asks, and looks at every answer. */
export class Client {
  readonly outcome: Outcome = { answers: 0, statuses: new Map(), wrong: [] };
  /** Attempts that an answer told of, by request id. */
  readonly attempts = new Map<string, { told: string; count: number }>();
  readonly #server: SoakServer;
  #number = 0;

  constructor(server: SoakServer) {
    this.#server = server;
  }

  /** Sends one request and reads its answer to the end, or leaves it. Never rejects. */
  async ask(kind: Traffic): Promise<void> {
    this.#number++;
    const leave = new AbortController();
    const limit = AbortSignal.timeout(answerWithinMs);
    try {
      const body = kind.body(this.#number);
      const response = await fetch(`${this.#server.url}${kind.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#server.keys[kind.key]}`,
          'content-type': 'application/json',
        },
        body: body === undefined ? '{"model": ' : JSON.stringify(body),
        signal: AbortSignal.any([leave.signal, limit]),
      });
      this.#note(kind, response);
      if (kind.leaves && response.ok) await this.#leave(response, leave);
      else this.#check(kind, response, await response.text());
    } catch (reason) {
      if (!leave.signal.aborted) this.#wrong(kind, String(reason));
    }
    this.outcome.answers++;
  }

  async #leave(response: Response, leave: AbortController): Promise<void> {
    const reader = response.body?.getReader();
    await reader?.read();
    leave.abort();
    await reader?.cancel();
  }

  #note(kind: Traffic, { headers, status }: Response): void {
    const key = `${kind.name}: ${status}`;
    const { statuses } = this.outcome;
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    if (!kind.statuses.includes(status)) this.#wrong(kind, `status ${status}`);
    const id = headers.get('x-request-id') ?? headers.get('request-id');
    if (id === null) {
      this.#wrong(kind, 'no request id');
      return;
    }
    if (this.attempts.size >= maxRemembered) {
      const [oldest] = this.attempts.keys();
      if (oldest !== undefined) this.attempts.delete(oldest);
    }
    this.attempts.set(id, {
      told: `${kind.name}, ${status}, ${id}`,
      count: Number(headers.get('x-zeke-attempts') ?? 0),
    });
  }

  /** An error has words; a stream ends with its mark, or with an error. */
  #check(kind: Traffic, response: Response, text: string): void {
    if (!response.ok) {
      if (!/"message":\s*"/.test(text)) this.#wrong(kind, `an error without words: ${text}`);
      return;
    }
    const { endMark } = kind;
    if (endMark === undefined) {
      if (!text.startsWith('{')) this.#wrong(kind, `no JSON: ${text}`);
      return;
    }
    const end = text.slice(-2_000);
    if (!end.includes(endMark) && !end.includes('error')) this.#wrong(kind, `no end: ${end}`);
  }

  #wrong(kind: Traffic, what: string): void {
    const { wrong } = this.outcome;
    if (wrong.length < maxWrong) wrong.push(`${kind.name}: ${what.slice(0, 300)}`);
  }
}
