import { connectDaemon, type DaemonClient } from '@zeke/protocol/client';
import { type ConfigFlags, loadOptions, readConfig } from './config.ts';
import type { Context } from './context.ts';
import { socketIn, startDaemonProcess } from './daemon-process.ts';

/**
 * The daemon to talk to: the one at `ZEKE_URL` where that is set, with the token in `ZEKE_RPC_TOKEN`
 * or `ZEKE_API_KEY`; else that of this user, started where it does not run. Throws what
 * `startDaemonProcess` throws.
 */
export async function openDaemon(context: Context, flags: ConfigFlags): Promise<DaemonClient> {
  const { ZEKE_API_KEY: key, ZEKE_RPC_TOKEN: token = key, ZEKE_URL: url } = context.environment;
  if (url) {
    const address = `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/rpc`;
    return await connectDaemon({ url: address, ...(token === undefined ? {} : { token }) });
  }
  const { config } = await readConfig(loadOptions(context, flags));
  const how = await startDaemonProcess(context, flags, config);
  if (how === 'started') {
    const { dim } = context.output.noteStyles;
    context.output.note(dim('zeke: started the daemon (zeke daemon status tells of it)'));
  }
  return await connectDaemon({ socket: socketIn(config.home) });
}
