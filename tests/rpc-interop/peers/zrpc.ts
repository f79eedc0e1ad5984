import { ourWays } from '../ours/our-transports.ts';
import type { Peer, PeerServer } from './peer.ts';

/** Our own library, over all its transports. */
export const zrpcPeer: Peer = {
  name: 'zrpc',
  install: async () => `(Bun ${Bun.version})`,
  servers: ourWays.map(
    ({ name, abilities, connect }): PeerServer => ({
      way: name,
      abilities,
      start: async ({ servers, certificates }) => ({
        transport: await connect(servers, certificates),
        stop: async () => {},
      }),
    }),
  ),
};
