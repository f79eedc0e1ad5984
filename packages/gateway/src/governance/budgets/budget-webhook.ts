import { createHmac } from 'node:crypto';
import type { Logger, Secret } from '@zeke/foundation';
import { pause } from '../../routing/pause.ts';

/** What the webhook is sent, as JSON. Money is micro-USD, times are RFC 3339. */
export interface BudgetEvent {
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
  /** Between two tries, in milliseconds. Default 2,000. */
  retryMs?: number;
}

/** Events that wait to be sent; more are dropped, and the log says so. */
const maxWaiting = 100;
const maxTries = 3;
const timeoutMs = 5_000;
const defaultRetryMs = 2_000;

/** Sends events one after the other, off the request path, each at most three times. */
export class BudgetWebhook {
  settings: BudgetWebhookSettings | undefined;
  readonly #options: BudgetWebhookOptions;
  #waiting = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: BudgetWebhookOptions) {
    this.#options = options;
  }

  /** Resolves when all events so far are sent or given up. */
  get settled(): Promise<void> {
    return this.#sending;
  }

  send(event: BudgetEvent): void {
    const { settings } = this;
    if (!settings) return;
    if (this.#waiting >= maxWaiting) {
      this.#options.log.error('too many events wait for budgets.webhook_url; one is lost', {
        event,
      });
      return;
    }
    this.#waiting++;
    this.#sending = this.#sending.then(async () => {
      await this.#deliver(settings, JSON.stringify(event));
      this.#waiting--;
    });
  }

  async #deliver(settings: BudgetWebhookSettings, body: string): Promise<void> {
    const { log, retryMs = defaultRetryMs, stopping } = this.#options;
    for (let tries = 1; !stopping.aborted; tries++) {
      const failure = await this.#post(settings, body);
      if (failure === undefined) return;
      if (tries === maxTries) {
        log.error('budgets.webhook_url did not take an event; it is given up', { failure });
        return;
      }
      await pause(retryMs * tries, stopping);
    }
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
