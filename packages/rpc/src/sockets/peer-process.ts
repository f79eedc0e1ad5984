import type { Peer } from '../core/call.ts';
import type { ByteSocket } from './socket.ts';

/** Finds the process at the other end of a Unix socket, by `SO_PEERCRED` where the runtime has a way to. */
export async function peerProcessReader(): Promise<(socket: ByteSocket) => Peer['process']> {
  if (!('Bun' in globalThis)) return () => undefined;
  const { peerCredentials } = await import('./bun-libc.ts');
  return ({ descriptor }) => (descriptor === undefined ? undefined : peerCredentials(descriptor));
}
