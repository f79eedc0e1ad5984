/** `idle-process.ts PEER ADDRESS COUNT`: opens connections, makes a call on each, keeps them. */
import { loadPeer } from './peers/load-peer.ts';
import type { PeerName } from './peers/names.ts';
import type { BenchmarkClient } from './peers/peer.ts';

const [name, address = '', count] = process.argv.slice(2);
const peer = await loadPeer(name as PeerName);
const clients: BenchmarkClient[] = [];
for (let i = 0; i < Number(count); i++) {
  const client = await peer.connect(address);
  await client.unary(200);
  clients.push(client);
}
console.log('ready');
process.stdin.resume();
