/** `client-process.ts PEER ADDRESS`: does the jobs of its standard input, one line each. */
import { createInterface } from 'node:readline';
import type { Job, JobResult } from './job.ts';
import { loadPeer } from './peers/load-peer.ts';
import type { PeerName } from './peers/names.ts';
import type { BenchmarkClient } from './peers/peer.ts';

const [name, address = ''] = process.argv.slice(2);
const client = await (await loadPeer(name as PeerName)).connect(address);
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line) as Job;
  const result =
    job.kind === 'unary' ? await unary(client, job) : await download(client, job.count, job.size);
  console.log(JSON.stringify(result));
}
await client.close();
process.exit(0);

/** Keeps `inFlight` calls open for `ms`. */
async function unary(
  { unary: call }: BenchmarkClient,
  { inFlight, bytes, ms }: Extract<Job, { kind: 'unary' }>,
): Promise<JobResult> {
  const times: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + ms;
  const caller = async () => {
    for (let start = performance.now(); start < until; ) {
      await call(bytes);
      const end = performance.now();
      times.push(end - start);
      start = end;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const elapsedMs = performance.now() - startedAt;
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 1_000;
  const calls = times.length;
  return { calls, bytes: calls * bytes, elapsedMs, p50Us: at(0.5), p95Us: at(0.95) };
}

async function download(
  { download: call }: BenchmarkClient,
  count: number,
  size: number,
): Promise<JobResult> {
  const startedAt = performance.now();
  const bytes = await call(count, size);
  const elapsedMs = performance.now() - startedAt;
  return { calls: 1, bytes, elapsedMs, p50Us: elapsedMs * 1_000, p95Us: elapsedMs * 1_000 };
}
