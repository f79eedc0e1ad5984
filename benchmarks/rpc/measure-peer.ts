import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processorMs } from '../gateway/load/processor-time.ts';
import { cores, freePort } from '../gateway/processes.ts';
import type { JobResult } from './job.ts';
import { isLocal, isRaw, type PeerName } from './peers/names.ts';
import { BenchmarkProcess } from './run-process.ts';

/** What one round says of one peer. */
export type PeerFigures = Partial<Record<FigureName, number>>;

export const figureTitles = {
  p50Us: '200 B, 1 in flight, p50, µs',
  p95Us: '200 B, 1 in flight, p95, µs',
  callsPerSecond: '200 B, 64 in flight, calls/s',
  serverUs: 'processor of the server, µs/call',
  largeP95Us: '4 KB, 1 in flight, p95, µs',
  largeCallsPerSecond: '4 KB, 64 in flight, calls/s',
  gigabytesPerSecond: 'server stream of 64 KB messages, GB/s',
} as const;

export type FigureName = keyof typeof figureTitles;

/** In one stream, of each message; large enough for a second or so. */
const streamMessageBytes = 64 * 1024;
const warmUpMs = 1_000;

/** Starts server and client, warms them up, and measures. */
export async function measurePeer(
  name: PeerName,
  seconds: number,
  env: Record<string, string>,
): Promise<PeerFigures> {
  const path = join(tmpdir(), `zrpc-benchmark-${process.pid}-${name}`);
  const address = isLocal(name) ? path : `127.0.0.1:${freePort()}`;
  rmSync(path, { force: true });
  using _file = { [Symbol.dispose]: () => rmSync(path, { force: true }) };
  await using server = await BenchmarkProcess.start('server', cores.contender, name, address, env);
  await using client = await BenchmarkProcess.start('client', cores.rest, name, address, env);
  const ms = seconds * 1_000;
  const unary = (inFlight: number, bytes: number, forMs = ms): Promise<JobResult> =>
    client.job({ kind: 'unary', inFlight, bytes, ms: forMs });

  await unary(1, 200, warmUpMs);
  const single = await unary(1, 200);
  const figures: PeerFigures = { p50Us: single.p50Us, p95Us: single.p95Us };
  if (isRaw(name) && isLocal(name)) return figures;
  await unary(64, 200, warmUpMs);
  const before = processorMs([server.pid]);
  const many = await unary(64, 200);
  figures.serverUs = ((processorMs([server.pid]) - before) * 1_000) / many.calls;
  figures.callsPerSecond = perSecond(many.calls, many);
  if (name.endsWith('quic')) {
    figures.largeP95Us = (await unary(1, 4_096)).p95Us;
    const large = await unary(64, 4_096);
    figures.largeCallsPerSecond = perSecond(large.calls, large);
  }
  if (!isRaw(name)) {
    figures.gigabytesPerSecond = await streamSpeed(client, seconds);
  }
  return figures;
}

async function streamSpeed(client: BenchmarkProcess, seconds: number): Promise<number> {
  const download = (count: number): Promise<JobResult> =>
    client.job({ kind: 'download', count, size: streamMessageBytes });
  const trial = await download(500);
  const fitting = Math.ceil((500 * seconds * 1_000) / trial.elapsedMs);
  const result = await download(Math.max(500, fitting));
  return perSecond(result.bytes, result) / 1e9;
}

function perSecond(count: number, { elapsedMs }: JobResult): number {
  return (count * 1_000) / elapsedMs;
}
