import {
  type LoadConfigResult,
  type Logger,
  type ResolvedConfig,
  type WatchConfigOptions,
  watchConfig,
} from '@zeke/foundation';
import { type Composition, type CompositionOptions, compose } from './compose.ts';
import { startDemo } from './demo.ts';
import { FreshKeys } from './fresh-keys.ts';
import type { HttpServer } from './http-server.ts';
import { listen } from './listen.ts';
import { noteAddress } from './note-address.ts';
import { Reloader } from './reload.ts';
import type { RpcServer } from './rpc/serve-rpc.ts';
import { startRpc } from './start-rpc.ts';
import { ServerTls } from './tls/server-tls.ts';

export interface DaemonOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How `config` was loaded, and from where: that is watched, and a new version put in force. */
  readonly watch?: Omit<WatchConfigOptions, 'onChange' | 'signal'>;
  /** Starts emulated providers beside the configured ones. */
  readonly demo?: boolean;
  /** Default: pino to standard error, at the configured level. */
  readonly log?: Logger;
  /**
   * Nobody looks at where it answers: where `server.port` is taken by another program, any free port
   * is used.
   */
  readonly isBackground?: boolean;
  /** It is one of several processes on one port, of which another one tells where they are. */
  readonly worker?: WorkerRole;
}

/** What of a process is other because it is one of several. */
interface WorkerRole {
  /** The first serves what only one can: RPC. */
  readonly isFirst: boolean;
  /** Makes metrics whose text is that of all. */
  readonly shareMetrics: NonNullable<CompositionOptions['shareMetrics']>;
}

/** Where calls are taken. */
interface RpcAddresses {
  /** Of gRPC; undefined where it is not spoken. */
  readonly url: string | undefined;
  readonly quicUrl: string | undefined;
  /** Undefined where another zeke of this user has it. */
  readonly socket: string | undefined;
}

/** A running zeke. */
export interface Daemon {
  /** Where it answers, `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The same, or loopback where it listens on all addresses. */
  readonly localUrl: string;
  /** Where the admin API is; undefined where it is found with the rest. */
  readonly adminUrl: string | undefined;
  /** Where calls are taken; undefined in a process that is not the first of several. */
  readonly rpc: RpcAddresses | undefined;
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
  const { config, environment, watch, worker } = options;
  await using starting = new AsyncDisposableStack();
  const demo = options.demo ? starting.use(await startDemo()) : undefined;
  let reload = async (): Promise<void> => {};
  const parts = starting.use(
    await compose({
      config,
      environment,
      fetch,
      now: Date.now,
      ...(watch ? { freshKeys: new FreshKeys({ reload: () => reload() }) } : {}),
      ...(options.log ? { log: options.log } : {}),
      ...(worker ? { shareMetrics: worker.shareMetrics } : {}),
      ...(demo ? { extraProviders: demo.providers } : {}),
    }),
  );
  const { log } = parts;
  const tls = await openTls(config, parts);
  if (tls !== undefined) starting.use(tls);
  const rpc = worker?.isFirst === false ? undefined : await startRpc(config, parts, tls);
  if (rpc !== undefined) starting.defer(() => rpc.stop(0));
  const server = await listen(config, parts, {
    tls,
    reusePort: worker !== undefined,
    anyPort: options.isBackground ?? false,
    // Of several processes on one port, any would be asked for one.
    webSockets: rpc === undefined || worker !== undefined ? [] : [rpc.webSocket, ...parts.mcp],
  });
  starting.defer(async () => void (await server.stop(0)));
  await rpc?.listen();
  tls?.follow((material) => server.useTls(material));
  parts.gateway.start();
  const watching = new AbortController();
  const reloader = new Reloader(config, { log, configure: configureAll(parts, tls) });
  if (watch) {
    const { signal } = watching;
    const onChange = (result: LoadConfigResult) => reloader.take(result);
    const watched = await watchConfig({ ...watch, signal, onChange });
    reload = async () => {
      await watched.read();
      await reloader.settled();
    };
    // What all read, a file or a vault, has changed for one of them.
    parts.gateway.onReloadElsewhere(
      () => void reload().catch((err) => log.error('the configuration cannot be read', { err })),
    );
  }
  const noted = worker ? undefined : await noteAddress(config, server.localUrl, log);
  if (noted) starting.use(noted);
  if (rpc !== undefined) {
    log.info('rpc ready', { url: rpc.url, quic: rpc.quicUrl, socket: rpc.socket });
  }
  const { adminUrl, url: at } = server;
  const admin = adminUrl === undefined ? {} : { admin: adminUrl };
  log.info('ready', { url: at, ...admin, home: config.home, file: config.file ?? null });
  const owned = starting.move();
  const stop = async () => {
    watching.abort();
    await noted?.[Symbol.asyncDispose]();
    await drain(config, { parts, rpc, server });
    await owned.disposeAsync();
  };
  let stopped: Promise<void> | undefined;
  const { url, localUrl } = server;
  return {
    url,
    localUrl,
    adminUrl,
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
