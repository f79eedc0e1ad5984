/** What is measured. The first part names the framework, the second the transport. */
export const peerNames = [
  'zrpc-unix',
  'zrpc-unix-busy',
  'zrpc-shared-memory',
  'zrpc-websocket',
  'zrpc-http2',
  'zrpc-quic',
  'grpc-js',
  'connect-node',
  'raw-quic',
  'raw-unix-busy',
  'raw-shared-memory',
] as const;

export type PeerName = (typeof peerNames)[number];

/** Whether it listens at a Unix socket, or shares a file, else at a port. */
export function isLocal(name: PeerName): boolean {
  return name.includes('unix') || name.includes('shared-memory');
}

/** Bytes there and back, and nothing else. */
export function isRaw(name: PeerName): boolean {
  return name.startsWith('raw-');
}

/** Whether both sides never sleep, so that they cannot share a core. */
export function isSpinning(name: PeerName): boolean {
  return name.includes('busy') || name.includes('shared-memory');
}
