import type { RpcError } from '@zeke/rpc';
import type { JsonObject } from '../dialects/dialect.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Services } from '../http/services.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Usage } from '../neutral/usage.ts';
import type { LiveAttempt } from '../routing/live-figures.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { AttemptSpan } from '../telemetry/attempt-span.ts';
import type { Hold } from './budgets/hold.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Draw } from './rate-limits/draw.ts';
import { addCost } from './request-cost.ts';

export interface AttemptOptions {
  candidate: Candidate;
  requestedModel: string;
  operation: string;
  callerDialect: DialectName | 'raw';
  providerDialect: DialectName | 'raw';
  streamed: boolean;
  /** From 1. */
  attempt: number;
  /** The request, by which it is known what it may cost at most; absent where it costs nothing. */
  asks?: JsonObject | Uint8Array | undefined;
}

/** What a provider was asked and what it wrote, for counting where it did not count itself. */
export interface CountableText {
  input: string;
  output: string;
  /** Of the output, how much of it `output` holds: 1 for all. */
  outputShare: number;
}

/**
 * Follows one attempt at one provider and puts it on the ledger when it ends, once, however it
 * ends. `usage` is filled in on the way.
 */
export class AttemptRecord {
  readonly options: AttemptOptions;
  usage: Usage = { input: 0, output: 0 };
  /** True when the provider said what it used. */
  usageKnown = false;
  /** False where the answer's usage can be neither read nor counted (a sound, a file). */
  metered = true;
  /** The call whose answer's status stands on the row. */
  call: { readonly httpStatus: number | undefined; readonly url: string | undefined } | undefined;
  /** Where the request's trace is kept. */
  span: AttemptSpan | undefined;
  /** What the provider has written so far, for an answer that is given up. */
  answered: (() => Omit<CountableText, 'input'>) | undefined;
  /** What is held in budgets until it is known what the attempt cost. */
  hold: Hold | undefined;
  /** What was taken of limits until it is known what the attempt used. */
  draw: Draw | undefined;
  /** When a stream's last bytes came, on the monotonic clock in milliseconds; 0 for no stream. */
  lastChunkAt = 0;
  readonly #services: Services;
  readonly #live: LiveAttempt;
  readonly #exchange: Exchange;
  readonly #startedAt = performance.now();
  #firstTokenMs: number | undefined;
  #ended = false;
  #whenEnded: PromiseWithResolvers<void> | undefined;

  constructor(services: Services, exchange: Exchange, options: AttemptOptions, live: LiveAttempt) {
    this.#services = services;
    this.#live = live;
    this.#exchange = exchange;
    this.options = options;
    exchange.attempts++;
    exchange.admission?.enter();
    exchange.visit?.enter();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the attempt has ended. */
  whenEnded(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#whenEnded ??= Promise.withResolvers();
    return this.#whenEnded.promise;
  }

  firstToken(): void {
    this.#firstTokenMs ??= performance.now() - this.#startedAt;
  }

  /**
   * Ends the attempt. Where the provider did not say what it used, `countable` gives the texts to
   * count; counting happens off the request path.
   */
  end(outcome: LedgerEntry['outcome'], error?: RpcError, countable?: () => CountableText): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#whenEnded?.resolve();
    this.draw?.end();
    this.#exchange.admission?.leave();
    this.#exchange.visit?.leave();
    const entry = this.#entry(outcome, error);
    const atMs = performance.now();
    if (outcome === 'incomplete' && error) this.#exchange.span?.fail(error);
    this.#live.end(entry, error);
    if (this.usageKnown && this.metered) addCost(this.#services, this.#exchange, entry);
    if (this.usageKnown || !countable) {
      this.#write(entry, error, atMs);
      return;
    }
    const estimated = this.#services.estimateUsage(countable).then(
      (usage) => this.#write(withUsage(entry, completed(entry.usage, usage)), error, atMs),
      (reason: unknown) => {
        this.#services.log.error('tokens could not be counted', { err: reason });
        this.#write(withUsage(entry, { ...entry.usage, estimated: true }), error, atMs);
      },
    );
    this.#services.background.add(estimated);
  }

  #write(entry: LedgerEntry, error: RpcError | undefined, atMs: number): void {
    if (this.hold) this.#services.budgets.settle(this.hold, entry);
    this.draw?.settle(entry);
    this.#services.ledger.record(entry);
    const { provider } = this.options.candidate;
    const times = {
      beforeMs: this.#startedAt - this.#exchange.startedAt,
      tokenMs: this.#tokenMs(entry),
    };
    const { span } = this;
    this.#services.metrics.attempt(entry, provider, times, span?.exemplar);
    span?.finish(entry, error, this.call?.url, atMs);
  }

  /** Between two tokens of a stream, on the average. */
  #tokenMs({ firstTokenMs, outcome, usage: { output } }: LedgerEntry): number | undefined {
    if (outcome !== 'ok' || firstTokenMs === undefined || output < 2) return undefined;
    const ms = this.lastChunkAt - this.#startedAt - firstTokenMs;
    return ms > 0 ? ms / (output - 1) : undefined;
  }

  #entry(outcome: LedgerEntry['outcome'], error: RpcError | undefined): LedgerEntry {
    const { options } = this;
    const { provider, model } = options.candidate;
    const { atMs, caller, requestId, span, tags } = this.#exchange;
    return {
      atMs,
      requestId,
      traceId: span?.traceId,
      attempt: options.attempt,
      keyId: caller.keyId,
      owner: caller.owner,
      orgId: caller.orgId,
      teamId: caller.teamId,
      userId: caller.userId,
      tags,
      provider: provider.name,
      pricing: provider.pricing,
      model,
      requestedModel: options.requestedModel,
      operation: options.operation,
      callerDialect: options.callerDialect,
      providerDialect: options.providerDialect,
      streamed: options.streamed,
      outcome,
      httpStatus: this.call?.httpStatus,
      errorCode: error?.code,
      usage: this.usage,
      metered: this.metered,
      latencyMs: performance.now() - this.#startedAt,
      firstTokenMs: this.#firstTokenMs,
      // Filled in later: an object that grows is moved.
      priced: undefined,
      charge: undefined,
      chargedAt: undefined,
    };
  }
}

/** Another usage costs something else. */
function withUsage(entry: LedgerEntry, usage: Usage): LedgerEntry {
  return { ...entry, usage, priced: undefined };
}

/**
 * What a provider had said before its answer broke off, with an estimate of the rest. What it said of
 * the input, cached tokens and all, holds; what it said of the output was not the last word.
 */
function completed(known: Usage, estimate: Usage): Usage {
  const hasInput = known.input > 0;
  return {
    ...(hasInput ? known : estimate),
    output: Math.max(known.output, estimate.output),
    estimated: true,
  };
}
