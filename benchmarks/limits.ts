/**
 * `bun run benchmarks/limits.ts`: checks of a rate limit in a second, on one key and over a million,
 * beside rate-limiter-flexible in memory, and a `Map` with a counter and the clock as the floor; limits
 * that replicas share over a real Redis, beside its bare round trips; the memory of a key; and the longest
 * that a call holds the loop. Prints Markdown tables.
 */
import { heapStats } from 'bun:jsc';
import { cpus, release } from 'node:os';
import { RateLimiter } from '@zeke/foundation/limits';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { figure, markdownTable } from './gateway/report/markdown.ts';
import { median, percentiles } from './gateway/statistics.ts';
import { sharedLimitsTable } from './limits/shared-limits.ts';

const rounds = 7;
const warmUpRounds = 2;
const pauseRuns = 5;
const manyKeys = 1_000_000;
const callsOnOne = 1_000_000;
/** The peer has a timer for each key: a million would measure those. */
const callsOfPeer = 100_000;
const rate = { limit: 1_000_000_000, periodMs: 60_000 };
const goals = { one: 10_000_000, many: 1_000_000, bytes: 64, sweepMs: 1 };

/** Made once, so that their memory is counted for nobody; and again, as requests bring new texts. */
const keys = Array.from({ length: manyKeys }, (_, i) => keyOf(i));
const sameKeys = Array.from({ length: manyKeys }, (_, i) => keyOf(i));
/** Steps through all keys in an order that no cache foresees. */
const stride = 617_647;

/** Keeps what is measured from being left out. */
let sink = 0;

interface Peer {
  readonly name: string;
  readonly check: (key: string) => number | Promise<{ remainingPoints: number }>;
  readonly isAsync: boolean;
}

const zeke = RateLimiter.init({ ...rate, maxKeys: manyKeys });
const peers: readonly Peer[] = [
  { name: 'zeke', check: (key) => zeke.check(key).remaining, isAsync: false },
  { name: 'Map and clock', check: mapAndClock(), isAsync: false },
  { name: 'rate-limiter-flexible', check: flexible(), isAsync: true },
];

const memory = bytesPerKey();
const costs = await measure();
const pauses = measurePauses();
console.log(table());
console.log(`\n${await sharedLimitsTable()}`);
console.log(`\n${memoryTable()}\n\n${goalLines().join('\n')}\n\n${conditions()}`);
if (!(sink > 0)) throw new Error('nothing was checked');
// The timers of rate-limiter-flexible would keep the process for a minute.
process.exit(0);

function keyOf(i: number): string {
  return `key-${i.toString(36).padStart(8, '0')}-${(i * 7919).toString(36)}`;
}

/** The floor: what any limiter must do, and no algorithm. */
function mapAndClock(): Peer['check'] {
  const counts = new Map<string, number>();
  return (key) => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return performance.now();
  };
}

function flexible(): Peer['check'] {
  const limiter = new RateLimiterMemory({ points: rate.limit, duration: rate.periodMs / 1000 });
  return (key) => limiter.consume(key);
}

interface Cost {
  readonly one: number[];
  readonly many: number[];
}

/** Nanoseconds of processor time for a check, by round. */
async function measure(): Promise<ReadonlyMap<Peer, Cost>> {
  const all = new Map<Peer, Cost>(peers.map((peer) => [peer, { one: [], many: [] }]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [peer, cost] of all) {
      const one = await timeNs(peer, peer.isAsync ? callsOfPeer : callsOnOne, () => 'one key');
      const many = await timeNs(peer, peer.isAsync ? callsOfPeer : manyKeys, nextKey);
      if (round < 0) continue;
      cost.one.push(one);
      cost.many.push(many);
    }
  }
  return all;
}

function nextKey(i: number): string {
  return sameKeys[(i * stride) % manyKeys] ?? '';
}

async function timeNs(peer: Peer, calls: number, key: (i: number) => string): Promise<number> {
  const { check, isAsync } = peer;
  const start = process.cpuUsage();
  if (isAsync) for (let i = 0; i < calls; i++) await check(key(i));
  else for (let i = 0; i < calls; i++) sink += Number(check(key(i)));
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / calls;
}

/** What a million keys take beside the keys: of zeke in resident memory, of a `Map` in the heap. */
function bytesPerKey(): { readonly zeke: number; readonly map: number } {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  for (const key of keys) zeke.check(key);
  Bun.gc(true);
  const after = process.memoryUsage.rss();
  const heapBefore = heapBytes();
  const map = new Map(keys.map((key) => [key, 0]));
  Bun.gc(true);
  const bytes = heapBytes() - heapBefore;
  return { zeke: (after - before) / manyKeys, map: bytes / map.size };
}

function heapBytes(): number {
  const { heapSize, extraMemorySize } = heapStats();
  return heapSize + extraMemorySize;
}

interface Pauses {
  readonly newKey: Float64Array;
  readonly newKeyInMap: Float64Array;
  readonly sweep: Float64Array;
}

/**
 * How long each call takes that adds one of a million keys, and each that forgets some, in
 * milliseconds: of several runs the shortest time of the same call, so that what remains is the
 * call's own work and not that of other processes, or of the collector.
 */
function measurePauses(): Pauses {
  const shortest = () => new Float64Array(manyKeys).fill(Number.POSITIVE_INFINITY);
  const pauses = { newKey: shortest(), newKeyInMap: shortest(), sweep: shortest() };
  for (let run = 0; run < pauseRuns; run++) {
    let nowMs = 0;
    const limits = RateLimiter.init({ ...rate, maxKeys: manyKeys, monotonicMs: () => nowMs });
    const map = new Map<string, number>();
    keys.forEach((key, i) => {
      keepShortest(pauses.newKey, i, () => limits.check(key));
    });
    keys.forEach((key, i) => {
      keepShortest(pauses.newKeyInMap, i, () => map.set(key, 0));
    });
    nowMs = 3_600_000;
    for (let i = 0; limits.size > 0; i++) keepShortest(pauses.sweep, i, () => limits.cleanup());
  }
  return { ...pauses, sweep: pauses.sweep.filter(Number.isFinite) };
}

function keepShortest(times: Float64Array, i: number, call: () => unknown): void {
  const start = performance.now();
  call();
  times[i] = Math.min(times[i] ?? 0, performance.now() - start);
}

function longest(times: Float64Array): number {
  return times.reduce((most, time) => Math.max(most, time), 0);
}

function table(): string {
  const [own] = costs.values();
  const rows = [...costs].map(([{ name }, { one, many }]) => [
    name,
    perSecond(one),
    figure(median(one.map((ns, i) => (own?.one[i] ?? 0) / ns))),
    perSecond(many),
    figure(median(many.map((ns, i) => (own?.many[i] ?? 0) / ns))),
  ]);
  return markdownTable(
    ['Checks in a second', 'one key', '× zeke', '1,000,000 keys', '× zeke'],
    rows,
  );
}

function memoryTable(): string {
  const { p50, p99 } = percentiles([...pauses.sweep]);
  return markdownTable(
    ['1,000,000 keys', 'zeke', 'Map'],
    [
      ['Bytes a key, beside the key', figure(memory.zeke), figure(memory.map)],
      ['New key, longest ms', figure(longest(pauses.newKey)), figure(longest(pauses.newKeyInMap))],
      ['Sweep of 1,024 keys, p50 ms', figure(p50 ?? undefined), '-'],
      ['Sweep of 1,024 keys, p99 ms', figure(p99 ?? undefined), '-'],
      ['Sweep of 1,024 keys, longest ms', figure(longest(pauses.sweep)), '-'],
    ],
  );
}

function perSecond(costNs: readonly number[]): string {
  return Math.round(1e9 / (median(costNs) ?? Number.NaN)).toLocaleString('en-US');
}

function goalLines(): string[] {
  const [own] = costs.values();
  const rateOf = (values: readonly number[] = []) => 1e9 / (median(values) ?? Number.NaN);
  const said = (isMet: boolean) => (isMet ? 'met' : 'not met');
  const [one, many] = [goals.one, goals.many].map((goal) => goal.toLocaleString('en-US'));
  return [
    `Goal on one key: at least ${one} a second, ${said(rateOf(own?.one) >= goals.one)}.`,
    `Goal on a million keys: at least ${many} a second, ${said(rateOf(own?.many) >= goals.many)}.`,
    `Goal for memory: at most ${goals.bytes} bytes, ${said(memory.zeke <= goals.bytes)}.`,
    `Goal for a sweep: at most ${goals.sweepMs} ms, ${said(longest(pauses.sweep) <= goals.sweepMs)}.`,
  ];
}

/** How it was measured, when and where. */
function conditions(): string {
  const all = cpus();
  return [
    `Checks in a second of processor time, medians of ${rounds} rounds, ratios round by round;`,
    `times of single calls are the shortest of ${pauseRuns} runs, of which the longest is shown.`,
    'The texts of keys are not those that are remembered, and come in an order without neighbours;',
    `of rate-limiter-flexible ${callsOfPeer.toLocaleString('en-US')} of the keys, as it has a timer for each.`,
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version},`,
    `${all.length} cores of ${all[0]?.model ?? 'unknown make'}, Linux ${release()}.`,
  ].join(' ');
}
