import { type Daemon, demoProviderNames, type Greeting, runDaemon } from '@zeke/daemon';
import {
  findRunning,
  formatFault,
  type LoadConfigOptions,
  type ResolvedConfig,
  VaultConnections,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { answers, serverAddress } from '../client.ts';
import type { UpFlags } from '../commands/up.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { openBrowser } from '../open-browser.ts';
import { greet } from './greet.ts';
import { startWorkers, workerCount, workerLink, workerPort } from './up-workers.ts';

/** Starts the gateway and stays until it is told to end. */
export async function up(context: Context, flags: UpFlags): Promise<void> {
  const { interrupts } = context;
  await using vault = new VaultConnections();
  const load = {
    ...loadOptions(context, flags, overrides({ ...flags, ...workerPort(context) })),
    vault,
    ...(flags.demo ? { otherProviders: demoProviderNames } : {}),
  };
  const { config, sources, warnings } = await readConfig(load);
  const running = await start(context, flags, { config, load, sources, warnings }).catch(
    async (reason) => {
      throw isTaken(reason) ? await takenBy(config, reason, interrupts.signal) : reason;
    },
  );
  // A terminal that is closed takes its programs with it; to a service it means to read again.
  if (!context.interactive) interrupts.onHangUp(() => running.reload());
  await ended(interrupts.signal);
  await running.stop();
}

type Read = Pick<Awaited<ReturnType<typeof readConfig>>, 'config' | 'sources' | 'warnings'> & {
  readonly load: LoadConfigOptions;
};

interface Running {
  reload(): void;
  stop(): Promise<void>;
}

/** One process, several, or one of several. */
async function start(context: Context, flags: UpFlags, read: Read): Promise<Running> {
  const { config, warnings } = read;
  let reload = () => {};
  const worker = workerLink(context, () => reload());
  if (worker === undefined) {
    for (const warning of warnings) context.output.note(`warning: ${formatFault(warning)}`);
  }
  if (worker === undefined && workerCount(config) > 1) {
    const supervised = await startWorkers(context, config);
    welcome(supervised.greeting, context, flags, supervised.pids);
    return supervised;
  }
  const daemon = await startDaemon(flags, read, worker);
  reload = () => void daemon.reload();
  const greeting = greetingOf(daemon);
  if (worker === undefined) welcome(greeting, context, flags, []);
  else worker.link.ready(greeting);
  return { reload, stop: () => daemon.stop() };
}

function startDaemon(
  { demo = false }: UpFlags,
  { config, load, sources }: Read,
  worker: ReturnType<typeof workerLink>,
): Promise<Daemon> {
  return runDaemon({
    config,
    environment: load.environment,
    watch: { ...load, sources },
    demo,
    ...(worker === undefined
      ? {}
      : {
          worker: {
            isFirst: worker.isFirst,
            shareMetrics: (metrics) => worker.link.shared(metrics),
          },
        }),
  });
}

function welcome(
  greeting: Greeting,
  context: Context,
  { open }: UpFlags,
  workers: readonly number[],
): void {
  greet(greeting, context, workers);
  if (open) openBrowser(greeting.localUrl);
}

function greetingOf({ localUrl, parts, rpc, url }: Daemon): Greeting {
  const { auth, providers } = parts.settings;
  return {
    url,
    localUrl,
    ...(rpc === undefined
      ? {}
      : { rpc: { url: rpc.url, quicUrl: rpc.quicUrl, socket: rpc.socket } }),
    providers: providers.map(({ provider }) => provider.name),
    requireAuth: auth.requireAuth,
  };
}

function isTaken(reason: unknown): reason is RpcError {
  const cause = reason instanceof RpcError ? reason.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
}

/** The same error, or a better one where it is a zeke that has the port. */
async function takenBy(
  config: ResolvedConfig,
  error: RpcError,
  signal: AbortSignal,
): Promise<RpcError> {
  const address = serverAddress(config);
  if (address === undefined || !(await answers(address, signal))) return error;
  const noted = await findRunning(config.home);
  const process = noted?.url === address ? ` (process ${noted.pid})` : '';
  return new RpcError(
    error.code,
    `zeke runs at ${address} already${process}; stop it, or choose another port with --port or server.port`,
  );
}

/**
 * Flags stand over the file, as variables do; so a reload keeps them. Throws `invalid_argument` for
 * a port that is none, since a fault would name the variable.
 */
function overrides({ host, port }: UpFlags): Record<string, string> {
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new RpcError(
      'invalid_argument',
      `--port: ${JSON.stringify(port)} is no port; it is a number from 0 to 65535`,
    );
  }
  return {
    ...(host === undefined ? {} : { ZEKE_SERVER_HOST: host }),
    ...(port === undefined ? {} : { ZEKE_SERVER_PORT: port }),
  };
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
