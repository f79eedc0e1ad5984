import { formatFault, type LoadConfigResult, type ResolvedConfig } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Composition } from './compose.ts';
import { revealed } from './revealed.ts';

/** What is read once, at the start, by the name that users write. */
const needsRestart: ReadonlyMap<string, string> = new Map([
  ['server.host', 'server.host'],
  ['server.port', 'server.port'],
  ['server.maxHeaderBytes', 'server.max_header_kb'],
  ['server.shutdownTimeoutMs', 'server.shutdown_timeout_ms'],
  ['server.drainDelayMs', 'server.drain_delay_ms'],
  ['server.workers', 'server.workers'],
  ['storage.url', 'storage.url'],
  ['storage.spoolMaxBytes', 'storage.spool_max_mb'],
  ['server.admin', 'server.admin_port'],
  ['redis.address', 'redis.url'],
  ['redis.keyPrefix', 'redis.key_prefix'],
  ['redis.timeoutMs', 'redis.timeout_ms'],
  ['redis.expectedReplicas', 'redis.expected_replicas'],
  ['telemetry.otlpEndpoint', 'telemetry.otlp_endpoint'],
  ['telemetry.otlpMetricsIntervalMs', 'telemetry.otlp_metrics_interval_ms'],
  ['telemetry.sampleRatio', 'telemetry.sample_ratio'],
  ['telemetry.serviceName', 'telemetry.service_name'],
  ['rpc.enabled', 'rpc.enabled'],
  ['rpc.host', 'daemon.address'],
  ['rpc.port', 'rpc.port'],
  ['rpc.tls', 'daemon.enable_tls'],
  ['rpc.maxConnections', 'rpc.max_connections'],
  ['rpc.idleTimeoutMs', 'rpc.idle_timeout'],
  ['rpc.maxMessageBytes', 'rpc.max_stream_data'],
  ['rpc.completionTimeoutMs', 'rpc.completion_timeout'],
  ['rpc.workerThreads', 'rpc.worker_threads'],
  ['rpc.compression', 'rpc.enable_compression'],
  ['daemon.logFile', 'daemon.log_file'],
  ['assistant.enabled', 'assistant.enabled'],
  ['assistant.completionModel', 'assistant.completion_model'],
  ['assistant.completionCacheEntries', 'assistant.completion_cache_entries'],
  ['assistant.completionCacheTtlMs', 'assistant.completion_cache_ttl_s'],
  ['assistant.languageServers', 'assistant.lsp'],
  ['ledger.flushIntervalMs', 'ledger.flush_interval_ms'],
]);

/**
 * Puts changed configurations in force, one after the other, and says in the log what changed. A
 * faulty one changes nothing.
 */
export class Reloader {
  readonly #parts: Pick<Composition, 'configure' | 'log'>;
  #config: ResolvedConfig;
  /** What is wrong or doubtful, as it was told last. */
  #told = '';
  #running: Promise<void> = Promise.resolve();

  constructor(config: ResolvedConfig, parts: Pick<Composition, 'configure' | 'log'>) {
    this.#config = config;
    this.#parts = parts;
  }

  /** What a watch of the configuration found. */
  take(result: LoadConfigResult): void {
    this.#running = this.#running.then(() => this.#take(result));
  }

  /** Resolves when everything taken so far is in force or refused. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #take(result: LoadConfigResult): Promise<void> {
    const { log } = this.#parts;
    if (!result.ok) {
      const faults = result.faults.map(formatFault);
      if (!this.#isNews(faults)) return;
      log.error('the changed configuration has faults; the old one stays in force', { faults });
      return;
    }
    const { changed, waiting } = configChanges(this.#config, result.config);
    const warnings = result.warnings.map(formatFault);
    if (changed.length === 0) {
      this.#tellWarnings(warnings);
      return;
    }
    try {
      await this.#parts.configure(result.config, changed);
    } catch (err) {
      log.error('the changed configuration cannot be used; the old one stays in force', {
        err: RpcError.from(err),
      });
      return;
    }
    this.#config = result.config;
    log.info('the changed configuration is in force', { changed });
    this.#tellWarnings(warnings);
    if (waiting.length > 0) log.warn('these changes wait for a restart', { waiting });
  }

  /** Also where nothing else has changed: values that come from elsewhere may be in doubt by now. */
  #tellWarnings(warnings: readonly string[]): void {
    if (!this.#isNews(warnings)) return;
    const { log } = this.#parts;
    if (warnings.length > 0) log.warn('the configuration is doubtful', { warnings });
    else log.info('what was wrong or doubtful in the configuration is in order again');
  }

  /** What is read again every minute is not told every minute. */
  #isNews(remarks: readonly string[]): boolean {
    const text = remarks.join('\n');
    if (text === this.#told) return false;
    this.#told = text;
    return true;
  }
}

/**
 * In what two configurations differ: sections, or `providers.openai` where a section holds named
 * tables; and the keys that take a restart.
 */
export function configChanges(
  before: ResolvedConfig,
  after: ResolvedConfig,
): { changed: string[]; waiting: string[] } {
  const old = flatten(before);
  const current = flatten(after);
  const keys = [...new Set([...old.keys(), ...current.keys()])];
  const changed = new Set<string>();
  const waiting: string[] = [];
  for (const key of keys.filter((each) => old.get(each) !== current.get(each)).sort()) {
    const section = key.slice(0, key.indexOf('.'));
    changed.add(namedTables.has(section) ? key : section);
    // Another certificate is taken as it is; what listens without TLS goes on so.
    const isTurned = key === 'server.tls' && old.has(key) !== current.has(key);
    const written = isTurned ? key : needsRestart.get(key);
    if (written !== undefined) waiting.push(written);
  }
  return { changed: [...changed], waiting };
}

const namedTables: ReadonlySet<string> = new Set([
  'providers',
  'models',
  'prices',
  'guardrails',
  'policies',
  'projects',
]);

/** Two levels of keys with their values as text, which never leaves this file: it holds secrets. */
function flatten(config: ResolvedConfig): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [section, value] of Object.entries(config)) {
    if (typeof value !== 'object' || value === null) continue;
    const entries = value instanceof Map ? value.entries() : Object.entries(value);
    for (const [key, inner] of entries) flat.set(`${section}.${key}`, revealed(inner));
  }
  return flat;
}
