import type { CallHandler, Listener } from '../core/call.ts';
import { RpcError } from '../rpc-error.ts';
import { listenUnix } from '../transports/unix/unix.ts';

export interface ServePluginOptions {
  readonly handler: CallHandler;
  /** Default: the program's last argument, where `createPlugin` puts it. */
  readonly path?: string;
}

/**
 * A plugin's side: serves own frames at the socket that `createPlugin` names, until it is asked to
 * end (SIGTERM), or its standard input ends with the process that started it. Open calls end first;
 * then nothing is left that keeps the process running.
 */
export async function servePlugin(options: ServePluginOptions): Promise<Listener> {
  const { handler, path = process.argv.at(-1) } = options;
  if (path === undefined || !path.startsWith('/')) {
    throw new RpcError(
      'invalid_argument',
      `${path} is no path of a socket: start the plugin with one`,
    );
  }
  const listener = await listenUnix({ path, handler });
  const stop = (): void => {
    process.stdin.destroy();
    void listener.close();
  };
  process.once('SIGTERM', stop);
  process.stdin.once('end', stop).once('error', stop).resume();
  return listener;
}
