import type { Peer } from '../core/call.ts';
import { RpcError } from '../rpc-error.ts';
import type { ByteSocket } from './socket.ts';

/** Who may connect to a Unix socket. */
export interface UnixAccess {
  /**
   * Permissions of the socket's file. Default 0o600: its owner alone. They are all that counts where
   * `allowedUsers` cannot be checked.
   */
  readonly mode?: number;
  /**
   * Whose processes may connect, by `SO_PEERCRED` (Bun on Linux). Default: this process's user, and
   * root. `any`: whoever the file's permissions let in. Where it cannot be checked a list of one's
   * own, and the default with a `mode` that lets others in, are `unimplemented`: nobody is let in
   * unasked.
   */
  readonly allowedUsers?: readonly number[] | 'any';
}

/** Knows, and judges, the processes at the other end of a Unix socket. */
export interface UnixUsers {
  /** The process at the other end; undefined where the runtime or the system does not tell. */
  processOf(socket: ByteSocket): Peer['process'];
  /** Why this process may not connect; undefined: it may. */
  refusal(process: Peer['process']): RpcError | undefined;
}

/** At most so many who are refused are told why at once; the others are cut off. */
export const maxToldStrangers = 64;

/** @throws RpcError unimplemented where `access` asks for a check that cannot be made. */
export async function unixUsers(path: string, access: UnixAccess): Promise<UnixUsers> {
  const credentials = await credentialReader();
  if (credentials === undefined) checkUnchecked(path, access);
  const { allowedUsers = [0, process.getuid?.() ?? 0] } = access;
  const allowed = allowedUsers === 'any' ? allowedUsers : [...allowedUsers];
  return {
    processOf: ({ descriptor }) =>
      descriptor === undefined ? undefined : credentials?.(descriptor),
    refusal(process) {
      if (allowed === 'any' || credentials === undefined) return undefined;
      if (process !== undefined && allowed.includes(process.uid)) return undefined;
      const who = process === undefined ? 'a user that cannot be told' : `user ${process.uid}`;
      const message = `unix:${path} is not open to ${who}: its option allowedUsers says who may connect`;
      return new RpcError('permission_denied', message);
    },
  };
}

type Credentials = (descriptor: number) => Peer['process'];

async function credentialReader(): Promise<Credentials | undefined> {
  if (!('Bun' in globalThis) || process.platform !== 'linux') return undefined;
  return (await import('./bun-libc.ts')).peerCredentials;
}

/** The default list may go unchecked only where the file lets in nobody but its owner. */
function checkUnchecked(path: string, { allowedUsers, mode = 0o600 }: UnixAccess): void {
  const isOwnersAlone = (mode & 0o077) === 0;
  if (allowedUsers === 'any' || (allowedUsers === undefined && isOwnersAlone)) return;
  const what =
    allowedUsers === undefined
      ? `the mode 0${mode.toString(8)} lets other users in`
      : 'allowedUsers was given';
  throw new RpcError(
    'unimplemented',
    `unix:${path}: ${what}, and this runtime cannot tell who connects (Bun on Linux can). Leave mode at 0600, or set allowedUsers to "any" and let the permissions of the file and its folder decide`,
  );
}
