import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMb } from '../gateway/load/processor-time.ts';
import { cores } from '../gateway/processes.ts';
import type { PeerName } from './peers/names.ts';
import { BenchmarkProcess } from './run-process.ts';

/** How many of its file descriptors a client's process uses at most. */
const perClient = 5_000;

/** Resident memory of a server with this many connections, each of which has made one call, in MB. */
export async function idleConnectionsMb(name: PeerName, connections: number): Promise<number> {
  const address = join(tmpdir(), `zrpc-benchmark-idle-${process.pid}.sock`);
  await using server = await BenchmarkProcess.start('server', cores.contender, name, address, {});
  await using clients = new AsyncDisposableStack();
  for (let left = connections; left > 0; left -= perClient) {
    const command = [process.execPath, join(import.meta.dirname, 'idle-process.ts'), name, address];
    const count = String(Math.min(left, perClient));
    clients.use(await BenchmarkProcess.run(cores.rest, [...command, count]));
  }
  // The collector has work of the start left to do.
  await Bun.sleep(3_000);
  return residentMb([server.pid]);
}
