import { zekeHome } from '@zeke/foundation/home';
import type { DaemonClient } from '@zeke/protocol/client';
import type { ConfigFlags } from './config.ts';
import type { Context } from './context.ts';
import { daemonHealth, loadClient, socketIn, startDaemonProcess } from './daemon-process.ts';

/**
 * The daemon to talk to: the one at `ZEKE_URL` where that is set, with the token in `ZEKE_RPC_TOKEN`
 * or `ZEKE_API_KEY`; else that of this user, started where it does not run, for which alone the
 * configuration is read. Throws what `startDaemonProcess` throws.
 */
export async function openDaemon(context: Context, flags: ConfigFlags): Promise<DaemonClient> {
  const { cwd, environment } = context;
  const { ZEKE_API_KEY: key, ZEKE_RPC_TOKEN: token = key, ZEKE_URL: url } = environment;
  if (url) {
    const address = `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/rpc`;
    const { connectDaemon } = await loadClient();
    return await connectDaemon({ url: address, ...(token === undefined ? {} : { token }) });
  }
  const home = zekeHome(environment, cwd);
  if ((await daemonHealth(home)) === undefined) await start(context, flags);
  const { connectDaemon } = await loadClient();
  return await connectDaemon({ socket: socketIn(home) });
}

async function start(context: Context, flags: ConfigFlags): Promise<void> {
  const { loadOptions, readConfig } = await import('./config.ts');
  const { config } = await readConfig(loadOptions(context, flags));
  const how = await startDaemonProcess(context, flags, config);
  if (how === 'running') return;
  const { dim } = context.output.noteStyles;
  context.output.note(dim('zeke: started the daemon (zeke daemon status tells of it)'));
}
