import { connectHints, type Daemon, runDaemon } from '@zeke/daemon';
import { findRunning, formatFault, type ResolvedConfig, VaultConnections } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { answers, serverAddress } from '../client.ts';
import type { UpFlags } from '../commands/up.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { isEmulated } from '../emulated.ts';
import { openBrowser } from '../open-browser.ts';

/** Starts the gateway and stays until it is told to end. */
export async function up(context: Context, flags: UpFlags): Promise<void> {
  const { output, interrupts } = context;
  await using vault = new VaultConnections();
  const load = { ...loadOptions(context, flags, overrides(flags)), vault };
  const { config, sources, warnings } = await readConfig(load);
  for (const warning of warnings) output.note(`warning: ${formatFault(warning)}`);
  const daemon = await runDaemon({
    config,
    environment: load.environment,
    watch: { ...load, sources },
    demo: flags.demo ?? false,
  }).catch(async (reason) => {
    throw isTaken(reason) ? await takenBy(config, reason, interrupts.signal) : reason;
  });
  // A terminal that is closed takes its programs with it; to a service it means to read again.
  if (!context.interactive) interrupts.onHangUp(() => void daemon.reload());
  greet(daemon, context);
  if (flags.open) openBrowser(daemon.localUrl);
  await ended(interrupts.signal);
  await daemon.stop();
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

function greet({ url, localUrl, rpc, parts }: Daemon, { output }: Context): void {
  const { bold, dim, green, yellow } = output.styles;
  const names = parts.settings.providers.map(({ provider }) => provider.name);
  const real = names.filter((name) => !isEmulated(name));
  const emulated = names.filter(isEmulated);
  output.line(`${green('●')} zeke is ready at ${bold(url)}`);
  if (rpc !== undefined) output.line(`  rpc        ${rpc.url} (gRPC), ${rpc.socket}`);
  if (real.length > 0) output.line(`  providers  ${real.join(', ')}`);
  if (emulated.length > 0) {
    output.line(
      `  ${yellow('emulated')}   ${emulated.join(', ')} (canned answers, no model behind them)`,
    );
  }
  if (names.length === 0) {
    output.hint(`  providers  ${yellow('none yet')}: run zeke providers add, or set a key such as`);
    output.hint('             OPENAI_API_KEY and start again, or try zeke up --demo');
  }
  output.line();
  output.line('  Point a client here:');
  const { requireAuth } = parts.settings.auth;
  for (const { client, lines } of connectHints({ url: localUrl, requireAuth })) {
    output.line(`    ${dim(`# ${client}`)}`);
    for (const line of lines) output.line(`    ${line}`);
  }
  if (requireAuth) {
    output.hint(`    ${dim('with a key in place of "zk-…": zeke keys create <name> makes one')}`);
  }
  output.line();
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
