/** `server-process.ts PEER ADDRESS`: serves until it is ended. Prints `ready`. */
import { loadPeer } from './peers/load-peer.ts';
import { type PeerName, peerNames } from './peers/names.ts';

const [name, address] = process.argv.slice(2);
if (!isPeer(name) || address === undefined) throw new Error('server-process.ts PEER ADDRESS');
const peer = await loadPeer(name);
await peer.serve(address);
console.log('ready');

function isPeer(text: string | undefined): text is PeerName {
  return peerNames.some((known) => known === text);
}
