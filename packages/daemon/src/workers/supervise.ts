import { createLogger, type Logger, type ResolvedConfig } from '@zeke/foundation';
import { checkFree } from '../http-server.ts';
import { noteAddress } from '../note-address.ts';
import type { Greeting } from './messages.ts';
import { type SpawnWorkerOptions, spawnWorker } from './spawn-worker.ts';
import { Supervisor } from './supervisor.ts';

/** What a worker may take for its ledger and its database, beyond the time for its requests. */
const flushLimitMs = 15_000;

export interface SuperviseOptions extends SpawnWorkerOptions {
  readonly config: ResolvedConfig;
  /** How many workers there are to be. */
  readonly count: number;
  /** Default: pino to standard error, at the configured level. */
  readonly log?: Logger;
}

/** Several processes of zeke on one port. */
export interface Supervised {
  readonly greeting: Greeting;
  /** Of the workers. */
  readonly pids: readonly number[];
  /** Each reads its configuration and certificates again. */
  reload(): void;
  /** Asks all to end in good order; resolves when they have. */
  stop(): Promise<void>;
}

/**
 * Starts the workers; its address is noted in `$ZEKE_HOME` when all are ready. Throws
 * `failed_precondition` when the address is taken, and when a worker cannot start, which has said why.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { config, count } = options;
  const { admin, drainDelayMs, host, port, shutdownTimeoutMs } = config.server;
  const log = options.log ?? createLogger({ level: config.telemetry.logLevel });
  checkFree(host, port);
  if (admin !== undefined) checkFree(admin.host, admin.port);
  const supervisor = new Supervisor({
    count,
    log,
    stopLimitMs: drainDelayMs + shutdownTimeoutMs + flushLimitMs,
    start: (worker) => spawnWorker(options, worker),
  });
  // Whatever ends this process, other than that it is killed; then the workers find out themselves.
  process.once('exit', () => supervisor.kill());
  const greeting = await supervisor.start();
  const { pids } = supervisor;
  const noted = await noteAddress(config, greeting.localUrl, log);
  log.info('ready', { url: greeting.url, home: config.home, workers: pids });
  return {
    greeting,
    pids,
    reload: () => supervisor.reload(),
    async stop() {
      await noted[Symbol.asyncDispose]();
      await supervisor.stop();
      await log.flush();
    },
  };
}
