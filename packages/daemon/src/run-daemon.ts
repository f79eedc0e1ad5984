import {
  type ConfigSources,
  forgetRunning,
  type LoadConfigOptions,
  type Logger,
  loadConfig,
  noteRunning,
  type ResolvedConfig,
  watchConfig,
} from '@zeke/foundation';
import { type Composition, compose } from './compose.ts';
import { startDemo } from './demo.ts';
import { FreshKeys } from './fresh-keys.ts';
import { type HttpServer, serveHttp } from './http-server.ts';
import { Reloader } from './reload.ts';
import type { RpcServer } from './rpc/serve-rpc.ts';
import { statusPage } from './status-page.ts';
import { ServerTls } from './tls/server-tls.ts';

export interface DaemonOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How `config` was loaded, and from where: that is watched, and a new version put in force. */
  readonly watch?: LoadConfigOptions & { readonly sources?: ConfigSources };
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
   * Reads the configuration, with all that it refers to, and the certificates again, changed or not.
   * Resolves when they are in force; what has faults changes nothing, and is told in the log.
   */
  reload(): Promise<void>;
  /**
   * Ends it: health says so at once, and for `server.drain_delay_ms` everything else goes on; then no
   * new request is taken, running ones may go on for `server.shutdown_timeout_ms`, and what was used
   * is on the ledger. Calling it again gives the same promise.
   */
  stop(): Promise<void>;
}

/**
 * Starts everything, and is ready when it resolves; its address is noted in `$ZEKE_HOME` then, for
 * commands to find it. Throws RpcError that says what to do when the database or the address cannot
 * be had; nothing is left running then.
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, environment, watch } = options;
  await using starting = new AsyncDisposableStack();
  const demo = options.demo ? starting.use(await startDemo()) : undefined;
  let reload = async (): Promise<void> => {};
  const parts = starting.use(
    await compose({
      config,
      environment,
      fetch,
      now: Date.now,
      ...(watch ? { freshKeys: new FreshKeys(() => reload()) } : {}),
      ...(options.log ? { log: options.log } : {}),
      ...(demo ? { extraProviders: demo.providers } : {}),
    }),
  );
  const { log } = parts;
  const tls = await openTls(config, parts);
  if (tls !== undefined) starting.use(tls);
  const rpc = await startRpc(config, parts);
  if (rpc !== undefined) starting.defer(() => rpc.stop(0));
  const server = await listen(config, parts, tls);
  tls?.follow((material) => server.useTls(material));
  const watching = new AbortController();
  const reloader = new Reloader(config, { log, configure: configureAll(parts, tls) });
  if (watch) {
    const { signal } = watching;
    reload = async () => {
      reloader.take(await loadConfig(watch));
      await reloader.settled();
    };
    await watchConfig({ ...watch, signal, onChange: (result) => reloader.take(result) });
  }
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
    await forgetRunning(config.home, running.pid).catch(() => {});
    await drain(config, { parts, rpc, server });
    await owned.disposeAsync();
  };
  let stopped: Promise<void> | undefined;
  const { url, localUrl } = server;
  return {
    url,
    localUrl,
    rpc,
    parts,
    async reload() {
      await reload();
      await tls?.look();
    },
    stop: () => (stopped ??= stop()),
  };
}

async function openTls(
  { server: { tls } }: ResolvedConfig,
  { log, metrics }: Composition,
): Promise<ServerTls | undefined> {
  return tls && (await ServerTls.open(tls, { log, metrics, now: Date.now }));
}

async function listen(
  { server: { host, maxHeaderBytes, port } }: ResolvedConfig,
  parts: Composition,
  tls: ServerTls | undefined,
): Promise<HttpServer> {
  const { gateway, log } = parts;
  const isSecure = tls !== undefined;
  return await serveHttp({
    host,
    port,
    maxHeaderBytes,
    home: (request) => statusPage(request, { ...parts.settings, isSecure }),
    handle: (request, peer, certificate) => gateway.handle(request, peer, certificate),
    cutShort: () => gateway.cutShort(),
    ...(tls === undefined ? {} : { tls: { material: tls.material, log } }),
  });
}

/** Whether the certificates can be used is known before anything is changed. */
function configureAll(parts: Composition, tls: ServerTls | undefined): Composition['configure'] {
  return async (next, changed) => {
    const files = next.server.tls;
    const putInForce = files && (await tls?.prepare(files));
    await parts.configure(next, changed);
    putInForce?.();
  };
}

interface Running {
  readonly parts: Composition;
  readonly rpc: RpcServer | undefined;
  readonly server: HttpServer;
}

/** Lets whoever sends requests go elsewhere, then those under way end. */
async function drain(
  { server: { drainDelayMs, shutdownTimeoutMs } }: ResolvedConfig,
  { parts: { gateway, log }, rpc, server }: Running,
): Promise<void> {
  log.info('stopping', { drainDelayMs, waitsAtMostMs: shutdownTimeoutMs });
  gateway.drain();
  rpc?.drain();
  server.windDown();
  if (drainDelayMs > 0) await Bun.sleep(drainDelayMs);
  const [cut] = await Promise.all([server.stop(shutdownTimeoutMs), rpc?.stop(shutdownTimeoutMs)]);
  if (cut > 0) log.warn('requests were cut at the end of the time limit', { cut });
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
