import { bufPeer } from './buf.ts';
import { goPeer } from './go.ts';
import { javaPeer } from './java.ts';
import { connectNodePeer, connectWebPeer, grpcJsPeer, zrpcOnNodePeer } from './node.ts';
import type { Peer } from './peer.ts';
import { pythonPeer } from './python.ts';
import { zrpcPeer } from './zrpc.ts';

/** In the order of the table. */
export const peers: readonly Peer[] = [
  goPeer,
  javaPeer,
  pythonPeer,
  grpcJsPeer,
  connectNodePeer,
  connectWebPeer,
  bufPeer,
  zrpcOnNodePeer,
  zrpcPeer,
];
