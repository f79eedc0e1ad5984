import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processorMs } from '../gateway/load/processor-time.ts';
import { cores, freePort } from '../gateway/processes.ts';
import type { JobResult } from './job.ts';
import { isLocal, isRaw, isSpinning, type PeerName } from './peers/names.ts';
import { BenchmarkProcess } from './run-process.ts';

/** What one round says of one peer. */
export type PeerFigures = Partial<Record<FigureName, number>>;

/** The server is on core 0 always; where its client is, the name of a figure says. */
export const figureTitles = {
  p50Us: '200 B, 1 in flight, two cores, p50, µs',
  p95Us: '200 B, 1 in flight, two cores, p95, µs',
  callsPerSecond: '200 B, 64 in flight, two cores, calls/s',
  serverUs: 'processor of the server, µs/call',
  oneCoreP50Us: '200 B, 1 in flight, one core, p50, µs',
  oneCoreP95Us: '200 B, 1 in flight, one core, p95, µs',
  oneCoreCallsPerSecond: '200 B, 64 in flight, one core, calls/s',
  largeP95Us: '4 KB, 1 in flight, two cores, p95, µs',
  largeCallsPerSecond: '4 KB, 64 in flight, two cores, calls/s',
  gigabytesPerSecond: 'server stream of 64 KB messages, two cores, GB/s',
} as const;

export type FigureName = keyof typeof figureTitles;

/** In one stream, of each message; large enough for a second or so. */
const streamMessageBytes = 64 * 1024;
/** Where processes that do not sleep share a core with their compiler's threads, it takes long. */
const warmUpMs = 4_000;
const secondWarmUpMs = 1_000;

/** Starts server and clients, warms them up, and measures. */
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
  const figures = await onTwoCores(name, server.pid, address, seconds, env);
  if (isSpinning(name)) return figures;
  return { ...figures, ...(await onOneCore(name, address, seconds, env)) };
}

async function onTwoCores(
  name: PeerName,
  server: number,
  address: string,
  seconds: number,
  env: Record<string, string>,
): Promise<PeerFigures> {
  await using client = await BenchmarkProcess.start('client', cores.rest, name, address, env);
  const ms = seconds * 1_000;
  await unary(client, 1, 200, warmUpMs);
  const single = await unary(client, 1, 200, ms);
  const figures: PeerFigures = { p50Us: single.p50Us, p95Us: single.p95Us };
  if (isRaw(name) && isLocal(name)) return figures;
  await unary(client, 64, 200, secondWarmUpMs);
  const before = processorMs([server]);
  const many = await unary(client, 64, 200, ms);
  figures.serverUs = ((processorMs([server]) - before) * 1_000) / many.calls;
  figures.callsPerSecond = callsPerSecond(many);
  if (name.endsWith('quic')) {
    figures.largeP95Us = (await unary(client, 1, 4_096, ms)).p95Us;
    figures.largeCallsPerSecond = callsPerSecond(await unary(client, 64, 4_096, ms));
  }
  if (!isRaw(name)) {
    figures.gigabytesPerSecond = await streamSpeed(client, seconds);
  }
  return figures;
}

/** Nothing has to be woken on another core, and both share the time of one. */
async function onOneCore(
  name: PeerName,
  address: string,
  seconds: number,
  env: Record<string, string>,
): Promise<PeerFigures> {
  await using client = await BenchmarkProcess.start('client', cores.contender, name, address, env);
  const ms = seconds * 1_000;
  await unary(client, 1, 200, secondWarmUpMs);
  const single = await unary(client, 1, 200, ms);
  await unary(client, 64, 200, secondWarmUpMs);
  const many = await unary(client, 64, 200, ms);
  return {
    oneCoreP50Us: single.p50Us,
    oneCoreP95Us: single.p95Us,
    oneCoreCallsPerSecond: callsPerSecond(many),
  };
}

function unary(
  client: BenchmarkProcess,
  inFlight: number,
  bytes: number,
  ms: number,
): Promise<JobResult> {
  return client.job({ kind: 'unary', inFlight, bytes, ms });
}

async function streamSpeed(client: BenchmarkProcess, seconds: number): Promise<number> {
  const download = (count: number): Promise<JobResult> =>
    client.job({ kind: 'download', count, size: streamMessageBytes });
  const trial = await download(500);
  const fitting = Math.ceil((500 * seconds * 1_000) / trial.elapsedMs);
  const result = await download(Math.max(500, fitting));
  return perSecond(result.bytes, result) / 1e9;
}

function callsPerSecond(result: JobResult): number {
  return perSecond(result.calls, result);
}

function perSecond(count: number, { elapsedMs }: JobResult): number {
  return (count * 1_000) / elapsedMs;
}
