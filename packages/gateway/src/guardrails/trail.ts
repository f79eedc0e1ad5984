import type { GuardrailAction, Logger } from '@zeke/foundation';
import type { GuardrailMetrics } from './guardrail-metrics.ts';
import type { WebhookVerdict } from './webhook-check.ts';

/** One thing that a rule found, as it may be told: never the text itself. */
export interface Told {
  readonly rule: string;
  /** Of the guardrail. */
  readonly type: string;
  readonly action: GuardrailAction;
  readonly direction: 'in' | 'out';
  readonly kind: string;
  /** Where: `messages[1].content`. */
  readonly field: string;
}

export interface TrailOptions {
  readonly requestId: string;
  readonly log: Logger;
  readonly metrics: GuardrailMetrics;
  /** Of a text, under a key that this process made for itself. */
  readonly hashOf: (text: string) => string;
}

/** Findings of one request that are put in the log. */
const maxLogged = 20;
const maxHeaderChars = 1_000;
const done = { block: 'blocked', redact: 'redacted', report: 'found' } as const;

/** What guardrails found in one request and its answer, for the header, the metric and the log. */
export class Trail {
  /** Kinds and types of what was found in the request. */
  readonly data = new Set<string>();
  readonly #options: TrailOptions;
  readonly #counts = new Map<string, number>();
  #logged = 0;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  /** `text` is what was found; its length and its hash are told. */
  add(told: Told, text: string): void {
    const { action, direction, kind, rule, type } = told;
    const { hashOf, log, metrics, requestId } = this.#options;
    if (direction === 'in') this.data.add(kind).add(type);
    const key = `${rule} ${done[action]} ${kind}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    metrics.finding(rule, action, direction);
    if (this.#logged++ >= maxLogged) return;
    log.info('a guardrail found something', {
      requestId,
      ...told,
      length: text.length,
      hash: hashOf(text),
    });
  }

  /** Counts what a webhook said, and tells the log where it failed. */
  webhook(rule: string, said: WebhookVerdict): void {
    const { log, metrics, requestId } = this.#options;
    metrics.webhook(rule, said.verdict);
    if (said.verdict !== 'failed') return;
    log.warn('a webhook of a guardrail failed', { requestId, rule, why: said.why });
  }

  /** `keys redacted github-pat=2; pii found email=1`, or undefined where nothing was found. */
  get header(): string | undefined {
    if (this.#counts.size === 0) return undefined;
    const parts = [...this.#counts].map(([key, count]) => `${key}=${count}`);
    return parts.join('; ').slice(0, maxHeaderChars);
  }
}
