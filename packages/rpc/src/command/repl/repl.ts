import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { namesFiles } from '../schema/load-schema.ts';
import { History } from './editor/history.ts';
import { runInteractive } from './interactive.ts';
import type { ReplFlags } from './repl-command.ts';
import { runScript } from './script.ts';
import { keepInput } from './session/secrets.ts';
import { Session } from './session/session.ts';
import type { Settings } from './session/settings.ts';
import type { View } from './session/view.ts';

/** Makes a session of a view. */
export type OpenSession = (view: View, onChange: () => void) => Promise<Session>;

/**
 * A session with a server: interactive where a person is at both ends, else by lines of standard input.
 * @returns the exit code.
 * @throws RpcError for flags that are wrong.
 */
export async function repl(
  context: Context,
  argument: string | undefined,
  flags: ReplFlags,
): Promise<number> {
  const { output, stdin, environment } = context;
  const isInteractive = output.isTerminal && stdin.isTTY === true;
  const history = new History({ path: historyPath(flags, environment), keep: keepInput });
  const settings: Settings = {
    timeoutMs: flags.timeout,
    editing: flags.editing,
    defaults: false,
    metadata: false,
    pretty: 'auto',
    timings: false,
  };
  const open: OpenSession = async (view, onChange) => {
    const session = new Session({ view, flags, history, settings, onChange });
    const target = argument ?? (namesTarget(flags) ? undefined : environment.ZRPC_TARGET);
    if (target !== undefined || namesTarget(flags)) await session.connectFirst(target);
    else if (namesFiles(flags)) await session.reloadSchema();
    return session;
  };
  if (!isInteractive) return await runScript(context, open);
  await history.load();
  try {
    return await runInteractive(context, open, history);
  } finally {
    await history.flush();
  }
}

function namesTarget({ grpc, h3, uds, shm, ws, quic, connect, grpcWeb }: ReplFlags): boolean {
  return [grpc, h3, uds, shm, ws, quic, connect, grpcWeb].some((flag) => flag !== undefined);
}

/** https://specifications.freedesktop.org/basedir-spec: state that outlives the process. */
function historyPath(
  { history }: ReplFlags,
  environment: Context['environment'],
): string | undefined {
  if (typeof history === 'string') return history;
  if (history === false) return undefined;
  const state = environment.XDG_STATE_HOME || join(environment.HOME ?? homedir(), '.local/state');
  return join(state, 'zrpc/history');
}
