import { createHmac } from 'node:crypto';
import type { Logger, Secret, Spool } from '@zeke/foundation';
import { pause } from '../../routing/pause.ts';

/** What the webhook is sent, as JSON. Money is micro-USD, times are RFC 3339. */
export interface BudgetEvent {
  /** One that comes twice, because a process died in between, has the same. */
  id: string;
  type: 'budget.warning' | 'budget.refused';
  at: string;
  budget: {
    kind: string;
    id: string;
    name?: string;
    period: string;
    mode: string;
    limit_micro_usd: number;
  };
  spent_micro_usd: number;
  reserved_micro_usd: number;
  /** When the budget's window ends. */
  frees_at?: string;
  /** Of a budget of a request: what that may have cost. */
  request_micro_usd?: number;
}

export interface BudgetWebhookSettings {
  url: string;
  /** Signs what is sent: `x-zeke-signature: sha256=<hex of HMAC-SHA-256 over the body>`. */
  secret?: Secret;
}

export interface BudgetWebhookOptions {
  fetch: typeof fetch;
  log: Logger;
  /** Aborts when the process ends. */
  stopping: AbortSignal;
  /** Where what is not sent at the end of the process is kept for the next one; else it is lost. */
  spool?: Spool | undefined;
  /** Between two tries, in milliseconds. Default 2,000. */
  retryMs?: number;
}

/** Events that wait to be sent; more are dropped, and the log says so. */
const maxWaiting = 100;
const maxTries = 3;
const timeoutMs = 5_000;
const defaultRetryMs = 2_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Sends events one after the other, off the request path, each at most three times. What the end of the
 * process finds unsent is sent by the next one, where there is a spool.
 */
export class BudgetWebhook {
  settings: BudgetWebhookSettings | undefined;
  readonly #options: BudgetWebhookOptions;
  /** The first is under way. */
  readonly #waiting: string[] = [];
  #sending: Promise<void> = Promise.resolve();

  constructor(options: BudgetWebhookOptions) {
    this.#options = options;
  }

  /** Resolves when all events so far are sent, given up or left for the next process. */
  get settled(): Promise<void> {
    return this.#sending;
  }

  send(event: BudgetEvent): void {
    const { settings } = this;
    if (!settings) return;
    if (this.#waiting.length >= maxWaiting) {
      this.#options.log.error('too many events wait for budgets.webhook_url; one is lost', {
        event,
      });
      return;
    }
    const body = JSON.stringify(event);
    this.#waiting.push(body);
    this.#sending = this.#sending.then(async () => {
      if (await this.#deliver(settings, body)) this.#waiting.shift();
    });
  }

  /** Sends what earlier processes have left, before what is new. */
  resume(): void {
    this.#sending = this.#sending.then(async () => {
      const { log, spool } = this.#options;
      const { settings } = this;
      if (!spool || spool.isEmpty || !settings) return;
      for (let record = await spool.first(); record; record = await spool.first()) {
        if (!(await this.#deliver(settings, decoder.decode(record)))) return;
        await spool.drop();
      }
      log.info('budgets.webhook_url was told what an earlier process could not tell');
    });
    this.#sending = this.#sending.catch((err: unknown) => {
      this.#options.log.error('events of an earlier process could not be read', { err });
    });
  }

  /** Keeps what is not sent, when the process has been told to stop. */
  async keep(): Promise<void> {
    await this.#sending;
    const { log, spool } = this.#options;
    const left = this.#waiting.splice(0);
    if (left.length === 0) return;
    try {
      if (!spool) throw new Error('there is no spool');
      for (const body of left) await spool.append(encoder.encode(body));
    } catch (err) {
      const message = 'events for budgets.webhook_url were not sent before the end, and are lost';
      log.error(message, { lost: left.length, err });
    }
  }

  /** False when the end of the process came in between. */
  async #deliver(settings: BudgetWebhookSettings, body: string): Promise<boolean> {
    const { log, retryMs = defaultRetryMs, stopping } = this.#options;
    for (let tries = 1; !stopping.aborted; tries++) {
      const failure = await this.#post(settings, body);
      if (failure === undefined) return true;
      if (stopping.aborted) return false;
      if (tries === maxTries) {
        log.error('budgets.webhook_url did not take an event; it is given up', { failure });
        return true;
      }
      await pause(retryMs * tries, stopping);
    }
    return false;
  }

  /** Why it was not taken; undefined where it was. */
  async #post({ secret, url }: BudgetWebhookSettings, body: string): Promise<string | undefined> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (secret) headers['x-zeke-signature'] = `sha256=${signature(secret, body)}`;
    const signal = AbortSignal.any([this.#options.stopping, AbortSignal.timeout(timeoutMs)]);
    try {
      const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
      const response = await this.#options.fetch(url, init);
      await response.body?.cancel();
      return response.ok ? undefined : `HTTP ${response.status}`;
    } catch (reason) {
      return reason instanceof Error ? reason.message : String(reason);
    }
  }
}

function signature(secret: Secret, body: string): string {
  return createHmac('sha256', secret.reveal()).update(body).digest('hex');
}
