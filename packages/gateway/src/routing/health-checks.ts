import type { Logger, Metrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Clock, Scheduled } from '@zeke/rpc/clock';
import type { Provider } from '../providers/provider.ts';
import type { LiveFigures } from './live-figures.ts';
import type { CatalogProvider, ModelCatalog } from './model-catalog.ts';
import { type Probe, probeProvider } from './probe-provider.ts';

/** When providers are asked whether they are there. Milliseconds. */
export interface HealthCheckSettings {
  /** 0: nobody is asked. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** How a provider was when it was asked last. */
export interface Checked {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly probe: Probe;
}

export interface HealthChecksOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly figures: LiveFigures;
  readonly clock: Pick<Clock, 'schedule'>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Intervals are longer or shorter by up to this share, so that replicas do not ask at once. */
const jitter = 0.2;

/**
 * Asks providers for their models now and then: those on this machine, and those whose table says so.
 * One that was heard in the last interval is not asked. What is found out goes to circuit breakers that
 * try whether a model is back: a failed check keeps it at rest, a good one counts as a success.
 */
export class HealthChecks implements Disposable {
  readonly #options: HealthChecksOptions;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #checked = new Map<string, Checked>();
  readonly #scheduled = new Map<string, Scheduled>();
  /** Ends what is under way when other providers take the place of these, or the process ends. */
  #running = new AbortController();
  #settings: HealthCheckSettings = { intervalMs: 0, timeoutMs: 0 };
  #catalog: ModelCatalog | undefined;

  constructor(options: HealthChecksOptions) {
    this.#options = options;
    this.#metrics = createMetrics(options.metrics);
  }

  /** Takes other providers and intervals; what was found out of providers that stay is kept. */
  configure(
    providers: readonly CatalogProvider[],
    catalog: ModelCatalog,
    settings: HealthCheckSettings,
  ): void {
    this.#stop();
    this.#running = new AbortController();
    this.#catalog = catalog;
    this.#settings = settings;
    const names = new Set(providers.map(({ provider }) => provider.name));
    for (const name of this.#checked.keys()) if (!names.has(name)) this.#checked.delete(name);
    if (settings.intervalMs === 0) return;
    for (const { healthCheck, provider } of providers) {
      if (healthCheck ?? provider.local) this.#schedule(provider);
    }
  }

  /** The last check of a provider; undefined before the first. */
  last(provider: string): Checked | undefined {
    return this.#checked.get(provider);
  }

  /** Asks a provider now, whatever was heard of it. Never rejects. */
  async check(provider: Provider, catalog: ModelCatalog, signal: AbortSignal): Promise<Probe> {
    const { figures, now } = this.#options;
    const probe = await probeProvider({ catalog, figures }, provider, signal);
    // Who asked has left: that says nothing of the provider.
    if (signal.aborted && !isTimeout(signal.reason)) return probe;
    const before = this.#checked.get(provider.name)?.probe.ok;
    this.#checked.set(provider.name, { atMs: now(), probe });
    this.#metrics.healthy.set(probe.ok ? 1 : 0, provider.name);
    this.#metrics.checks.add(1, provider.name, probe.ok ? 'ok' : 'failed');
    figures.checked(provider, probe.ok ? undefined : probe.error.code);
    this.#tell(provider.name, probe, before);
    return probe;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #schedule(provider: Provider): void {
    const { clock, random } = this.#options;
    const { intervalMs } = this.#settings;
    const delayMs = intervalMs * (1 - jitter + 2 * jitter * random());
    this.#scheduled.set(
      provider.name,
      clock.schedule(delayMs, () => void this.#run(provider)),
    );
  }

  async #run(provider: Provider): Promise<void> {
    const { figures, now } = this.#options;
    const { signal: running } = this.#running;
    const { intervalMs, timeoutMs } = this.#settings;
    const wasHeard = now() - figures.heardAtMs(provider.name) < intervalMs;
    if (!wasHeard && this.#catalog) {
      const signal = AbortSignal.any([running, AbortSignal.timeout(timeoutMs)]);
      await this.check(provider, this.#catalog, signal);
    }
    if (!running.aborted) this.#schedule(provider);
  }

  #stop(): void {
    this.#running.abort(new RpcError('canceled', 'checks of providers have ended'));
    for (const scheduled of this.#scheduled.values()) scheduled.cancel();
    this.#scheduled.clear();
  }

  /** Changes are told, and not every check. */
  #tell(provider: string, probe: Probe, before: boolean | undefined): void {
    const { log } = this.#options;
    if (probe.ok === before || (probe.ok && before === undefined)) return;
    if (probe.ok) log.info('a provider answers again', { provider });
    else log.warn('a provider does not answer checks', { provider, err: probe.error });
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}

function createMetrics(metrics: Metrics) {
  return {
    healthy: metrics.gauge({
      name: 'gateway_provider_healthy',
      help: 'Whether a provider answered when it was checked last: 1, or 0.',
      labels: ['provider'],
    }),
    checks: metrics.counter({
      name: 'gateway_provider_checks_total',
      help: 'Checks of providers, by what they showed.',
      labels: ['provider', 'outcome'],
    }),
  };
}
