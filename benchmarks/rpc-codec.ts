/**
 * `bun run benchmarks/rpc-codec.ts`: what it costs to encode and to decode a message of 200 bytes, beside
 * protobuf-es and protobufjs. Prints a Markdown table; ends with an error when bytes differ.
 */
import { cpus, release } from 'node:os';
import { figure, markdownTable } from './gateway/report/markdown.ts';
import { type Codec, codecs, messageBytes } from './rpc-codec/codecs.ts';

/** Rounds in which every codec is measured once, one after the other. */
const rounds = 40;
const callsPerRound = 20_000;
/** Rounds before those that count: the compiler has then done its work. */
const warmUpRounds = 10;

const goalsNs = { encode: 500, decode: 1_000 } as const;
type Direction = keyof typeof goalsNs;

/** Keeps what is measured from being left out. */
let sink = 0;

const times = measure();
console.log(table(times));
console.log(`\n${goal(times, 'encode')}\n${goal(times, 'decode')}`);
console.log(`\n${conditions()}`);
if (sink === 0) throw new Error('nothing was encoded');

function measure(): ReadonlyMap<Codec, Record<Direction, number[]>> {
  for (const { name, encode, decode } of codecs) {
    if (Buffer.compare(encode(), messageBytes) !== 0) throw new Error(`${name}: other bytes`);
    decode();
  }
  const all = new Map(codecs.map((codec) => [codec, { encode: [], decode: [] } as Times]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [{ encode, decode }, { encode: encodeNs, decode: decodeNs }] of all) {
      const encoded = timeNs(() => encode().length);
      const decoded = timeNs(() => decode());
      if (round < 0) continue;
      encodeNs.push(encoded);
      decodeNs.push(decoded);
    }
  }
  return all;
}

type Times = Record<Direction, number[]>;

/** Processor time, that of the collector included: the clock would count other processes, too. */
function timeNs(call: () => number): number {
  const start = process.cpuUsage();
  for (let i = 0; i < callsPerRound; i++) sink += call();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1_000) / callsPerRound;
}

function table(all: ReadonlyMap<Codec, Times>): string {
  const [own] = all.values();
  const rows = [...all].map(([{ name }, { encode, decode }]) => [
    name,
    figure(median(encode)),
    figure(median(encode.map((time, i) => time / (own?.encode[i] ?? 0)))),
    figure(median(decode)),
    figure(median(decode.map((time, i) => time / (own?.decode[i] ?? 0)))),
  ]);
  const title = `${messageBytes.length} bytes`;
  return markdownTable([title, 'encode, ns', '× zrpc', 'decode, ns', '× zrpc'], rows);
}

function goal(all: ReadonlyMap<Codec, Times>, direction: Direction): string {
  const [own] = all.values();
  const time = median(own?.[direction] ?? []);
  const isMet = time <= goalsNs[direction] ? 'met' : 'not met';
  return `Goal to ${direction}: at most ${figure(goalsNs[direction])} ns, ${isMet}.`;
}

/** How it was measured, when and where. */
function conditions(): string {
  const calls = callsPerRound.toLocaleString('en-US');
  const all = cpus();
  return [
    `Processor time, medians of ${rounds} rounds of ${calls} calls, ratios round by round.`,
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version},`,
    `${all.length} cores of ${all[0]?.model ?? 'unknown make'}, Linux ${release()}.`,
  ].join(' ');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
