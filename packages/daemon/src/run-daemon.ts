import {
  forgetRunning,
  type LoadConfigOptions,
  type Logger,
  noteRunning,
  type ResolvedConfig,
  watchConfig,
} from '@zeke/foundation';
import { type Composition, compose } from './compose.ts';
import { startDemo } from './demo.ts';
import { serveHttp } from './http-server.ts';
import { Reloader } from './reload.ts';
import type { RpcServer } from './rpc/serve-rpc.ts';
import { statusPage } from './status-page.ts';

export interface DaemonOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How `config` was loaded: its file is watched, and a new version put in force. */
  readonly watch?: LoadConfigOptions;
  /** Starts emulated providers beside the configured ones. */
  readonly demo?: boolean;
  /** Default: pino to standard error, at the configured level. */
  readonly log?: Logger;
}

/** A running zeke. */
export interface Daemon {
  /** Where it answers, `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The same, or loopback where it listens on all addresses. */
  readonly localUrl: string;
  /** Where gRPC is spoken, and the Unix socket; undefined without `rpc.port`. */
  readonly rpc: { readonly url: string; readonly socket: string } | undefined;
  readonly parts: Composition;
  /**
   * Ends it: no new request is taken, running ones may go on for `server.shutdown_timeout_ms`, then
   * what was used is on the ledger. Calling it again gives the same promise.
   */
  stop(): Promise<void>;
}

/**
 * Starts everything, and is ready when it resolves; its address is noted in `$ZEKE_HOME` then, for
 * commands to find it. Throws RpcError that says what to do when the database or the address cannot
 * be had; nothing is left running then.
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, environment } = options;
  await using starting = new AsyncDisposableStack();
  const demo = options.demo ? starting.use(await startDemo()) : undefined;
  const parts = starting.use(
    await compose({
      config,
      environment,
      fetch,
      now: Date.now,
      ...(options.log ? { log: options.log } : {}),
      ...(demo ? { extraProviders: demo.providers } : {}),
    }),
  );
  const { host, port, maxHeaderBytes, shutdownTimeoutMs } = config.server;
  const rpc = await startRpc(config, parts);
  if (rpc !== undefined) starting.defer(() => rpc.stop(0));
  const server = await serveHttp({
    host,
    port,
    maxHeaderBytes,
    home: (request) => statusPage(request, parts.settings),
    handle: (request, peer) => parts.gateway.handle(request, peer),
    cutShort: () => parts.gateway.cutShort(),
  });
  const watching = new AbortController();
  const reloader = new Reloader(config, parts);
  if (options.watch) {
    const { signal } = watching;
    await watchConfig({ ...options.watch, signal, onChange: (result) => reloader.take(result) });
  }
  const { log } = parts;
  const running = {
    pid: process.pid,
    url: server.localUrl,
    configFile: config.file ?? null,
  };
  await noteRunning(config.home, running).catch((err) =>
    log.warn('the address cannot be noted for other commands', { home: config.home, err }),
  );
  if (rpc !== undefined) log.info('rpc ready', { url: rpc.url, socket: rpc.socket });
  log.info('ready', { url: server.url, home: config.home, file: running.configFile });
  const owned = starting.move();
  const stop = async () => {
    watching.abort();
    log.info('stopping', { waitsAtMostMs: shutdownTimeoutMs });
    const [cut] = await Promise.all([
      server.stop(shutdownTimeoutMs),
      rpc?.stop(shutdownTimeoutMs),
      forgetRunning(config.home, running.pid).catch(() => {}),
    ]);
    if (cut > 0) log.warn('requests were cut at the end of the time limit', { cut });
    await owned.disposeAsync();
  };
  let stopped: Promise<void> | undefined;
  const { url, localUrl } = server;
  return { url, localUrl, rpc, parts, stop: () => (stopped ??= stop()) };
}

/** Loaded only where it is used: most who run zeke for themselves need no RPC. */
async function startRpc(
  { rpc: { port }, server: { host }, home }: ResolvedConfig,
  { gateway, log }: Composition,
): Promise<RpcServer | undefined> {
  if (port === undefined) return undefined;
  const { serveRpc } = await import('./rpc/serve-rpc.ts');
  return await serveRpc({
    host,
    port,
    home,
    handle: (request, peer) => gateway.handle(request, peer),
    onUnexpected: (err) => log.error('a call failed', { err }),
  });
}
