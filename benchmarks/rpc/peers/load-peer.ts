import type { PeerName } from './names.ts';
import type { Peer } from './peer.ts';

/** Loads one framework only, so that the memory of a process is its own. */
export async function loadPeer(name: PeerName): Promise<Peer> {
  if (name === 'grpc-js') return (await import('./grpc-js.ts')).grpcJs;
  if (name === 'connect-node') return (await import('./connect-node.ts')).connectNode;
  if (name === 'raw-quic') return (await import('./raw-quic.ts')).rawQuic;
  if (name === 'raw-unix-busy') return (await import('./raw-unix.ts')).rawUnixBusy;
  if (name === 'raw-shared-memory') {
    return (await import('./raw-shared-memory.ts')).rawSharedMemory;
  }
  const { zrpcPeer } = await import('./zrpc.ts');
  return zrpcPeer(name);
}
