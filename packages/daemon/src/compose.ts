import {
  createLogger,
  createMetrics,
  createTracer,
  type Logger,
  type Metrics,
  type ResolvedConfig,
  type Storage,
  startMetricsExport,
  type Tracer,
} from '@zeke/foundation';
import { HttpClient } from '@zeke/foundation/http-client';
import { Gateway, type GatewaySettings, type GatewayTables } from '@zeke/gateway';
import { GatewayModelClient } from './assistant/gateway-model-client.ts';
import { LazyAssistant } from './assistant/lazy-assistant.ts';
import { gatewaySettings, type SettingsSources } from './gateway-settings.ts';
import { LazyMcp } from './mcp/lazy-mcp.ts';
import { openReplicas } from './open-replicas.ts';
import { openSpools } from './open-spools.ts';
import { openState } from './open-state.ts';
import { pricesFileIn } from './prices.ts';
import { version } from './version.ts';
import type { WebSocketRoute } from './web-sockets.ts';

export interface CompositionOptions extends SettingsSources {
  readonly config: ResolvedConfig;
  /** Default: pino to standard error, at the configured level. */
  readonly log?: Logger;
  /** Who may call, in place of what the configuration says: the owner of the database needs no key. */
  readonly auth?: GatewaySettings['auth'];
  /** Makes of the metrics of this process those that are told, where it is one of several. */
  readonly shareMetrics?: (metrics: Metrics) => Metrics;
}

/** All parts of a running zeke, without a socket. Disposing of it writes what is not written yet. */
export interface Composition extends AsyncDisposable {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly storage: Storage<GatewayTables>;
  readonly gateway: Gateway;
  readonly assistant: LazyAssistant;
  /** `/mcp`, where it is served. */
  readonly mcp: readonly WebSocketRoute[];
  /** In force now. */
  readonly config: ResolvedConfig;
  readonly settings: GatewaySettings;
  /**
   * Puts another configuration in force, in which this has changed; what needs a restart stays as it is.
   */
  configure(config: ResolvedConfig, changed: readonly string[]): Promise<void>;
}

/**
 * Puts the parts together, the one place where that is done. Throws `failed_precondition` or
 * `unavailable` when the database cannot be used, and what `openReplicas` throws.
 */
export async function compose(options: CompositionOptions): Promise<Composition> {
  const { config, auth } = options;
  await using parts = new AsyncDisposableStack();
  const log = options.log ?? createLogger({ level: config.telemetry.logLevel });
  parts.defer(() => log.flush());
  // Replicas and workers have the same name for a collector.
  const instance = crypto.randomUUID();
  const [metrics, tracer, storage, settings] = await Promise.all([
    createMetrics().then((own) => options.shareMetrics?.(own) ?? own),
    createTracer(tracerOptions(config, instance)),
    openState(config, log),
    gatewaySettings(config, options),
  ]);
  parts.use(tracer);
  parts.use(await startMetricsExport(metricsExportOptions(options, instance, metrics, log)));
  parts.use(storage);
  const replicas = await openReplicas(config, { log, metrics });
  if (replicas) parts.use(replicas);
  const http = parts.use(new HttpClient(options));
  const spools = parts.use(await openSpools(config, log));
  const gateway = new Gateway({
    settings: { ...settings, ...(auth ? { auth } : {}) },
    storage,
    log,
    metrics,
    tracer,
    fetch: options.fetch,
    http,
    now: options.now,
    version,
    ledgerFlushIntervalMs: config.ledger.flushIntervalMs,
    pricesFile: pricesFileIn(config.home),
    replicas: replicas?.replicas,
    spools,
  });
  parts.use(gateway);
  const assistant = parts.use(assistantOf(options, { gateway, log, metrics, storage }));
  const { enabled } = config.mcp.serve;
  const mcpSources = { gateway, log, assistant: () => assistant.get() };
  const mcp = enabled ? parts.use(new LazyMcp({ ...options, ...mcpSources })) : undefined;
  const owned = parts.move();
  let inForce = settings;
  let configInForce = config;
  return {
    log,
    metrics,
    tracer,
    storage,
    gateway,
    assistant,
    mcp: mcp ? [mcp.route] : [],
    get config() {
      return configInForce;
    },
    get settings() {
      return inForce;
    },
    async configure(next, changed) {
      inForce = await gatewaySettings(next, options);
      configInForce = next;
      gateway.configure({ ...inForce, ...(auth ? { auth } : {}) });
      await mcp?.configure(next);
      if (options.log === undefined) log.setLevel(next.telemetry.logLevel);
      await gateway.recordReload(changed);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** It asks models in the name of whoever runs the daemon. */
function assistantOf(
  { config, environment, now }: CompositionOptions,
  { gateway, log, metrics, storage }: Pick<Composition, 'gateway' | 'log' | 'metrics' | 'storage'>,
): LazyAssistant {
  const { adminApiKey, requireAuth } = config.auth;
  const key = requireAuth ? adminApiKey?.reveal() : undefined;
  const model = new GatewayModelClient({
    send: async (path, init) => gateway.handle(new Request(`http://localhost${path}`, init)),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  });
  return new LazyAssistant({
    config,
    environment,
    gateway,
    model,
    storage: storage.as(),
    log,
    metrics,
    now,
  });
}

function tracerOptions({ telemetry }: ResolvedConfig, serviceInstanceId: string) {
  return {
    serviceInstanceId,
    serviceName: telemetry.serviceName,
    serviceVersion: version,
    sampleRatio: telemetry.sampleRatio,
    ...(telemetry.otlpEndpoint === undefined ? {} : { endpoint: telemetry.otlpEndpoint }),
  };
}

function metricsExportOptions(
  { config: { telemetry }, fetch, now }: CompositionOptions,
  serviceInstanceId: string,
  metrics: Metrics,
  log: Logger,
) {
  const { otlpEndpoint: endpoint, otlpMetricsIntervalMs: intervalMs } = telemetry;
  return {
    serviceName: telemetry.serviceName,
    serviceVersion: version,
    serviceInstanceId,
    metrics,
    fetch,
    now,
    onFailure: (err: unknown) => log.warn('metrics could not be sent to the collector', { err }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  };
}
