/** What is measured. The first part names the framework, the second the transport. */
export const peerNames = [
  'zrpc-unix',
  'zrpc-unix-busy',
  'zrpc-websocket',
  'zrpc-http2',
  'zrpc-quic',
  'grpc-js',
  'connect-node',
  'raw-quic',
  'raw-unix-busy',
] as const;

export type PeerName = (typeof peerNames)[number];

/** Whether it listens at a Unix socket, else at a port. */
export function isLocal(name: PeerName): boolean {
  return name === 'zrpc-unix' || name === 'zrpc-unix-busy' || name === 'raw-unix-busy';
}
