import { chmod, lstat, unlink } from 'node:fs/promises';
import { RpcError } from '../../rpc-error.ts';
import type { SocketRuntime } from '../../sockets/socket.ts';

/** What Linux has room for in `sockaddr_un`, without the final zero. */
const maxPathBytes = 107;

/**
 * Makes room for a Unix socket: one that a process left behind, and that nobody listens at any more,
 * is removed.
 *
 * @throws RpcError already_exists when somebody listens there or a file of another kind is there.
 */
export async function clearSocketPath(path: string, sockets: SocketRuntime): Promise<void> {
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > maxPathBytes) {
    const message = `${path}: the path of a Unix socket has at most ${maxPathBytes} bytes, this one ${bytes}`;
    throw new RpcError('invalid_argument', message);
  }
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new RpcError('already_exists', `${path} exists and is no socket: choose another path`);
  }
  if (await isListening(path, sockets)) {
    throw new RpcError('already_exists', `another process listens at ${path}`);
  }
  await unlink(path).catch(() => {});
}

/** Binds with the permissions `mode` from the first moment on. */
export async function withMode<T>(path: string, mode: number, bind: () => Promise<T>): Promise<T> {
  const before = setUmask(0o777 & ~mode);
  let bound: Promise<T>;
  try {
    bound = bind();
  } finally {
    if (before !== undefined) setUmask(before);
  }
  const result = await bound;
  await chmod(path, mode);
  return result;
}

/** Undefined in a worker, which cannot change the process's mask; `chmod` comes right after. */
function setUmask(mask: number): number | undefined {
  try {
    return process.umask(mask);
  } catch {
    return undefined;
  }
}

async function isListening(path: string, sockets: SocketRuntime): Promise<boolean> {
  try {
    await sockets.dial({ path }, (socket) => {
      socket.destroy();
      return { onData() {}, onDrain() {}, onClose() {} };
    });
    return true;
  } catch {
    return false;
  }
}
