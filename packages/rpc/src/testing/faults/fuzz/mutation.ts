import type { SeededRandom } from '../../../command/mock/seeded-random.ts';

/** Good bytes, cut into parts that make sense alone: frames, fields, tokens. */
export type Sample = readonly Uint8Array[];

/** What inputs are made from. */
export interface Corpus {
  readonly samples: readonly Sample[];
  /** Of each sample the first parts, which nearly always stay: without them nothing else is read. */
  readonly headParts: number;
  /** Where in a part its length stands, and in how many bytes, big-endian; absent: nowhere. */
  readonly length?: { readonly at: number; readonly bytes: number };
  /** Parts to be put in anywhere. */
  readonly words?: readonly Uint8Array[];
}

/** No input is longer, in bytes. */
const maxBytes = 64 * 1024;
const repeats: readonly number[] = [1, 1, 1, 2, 3, 12, 60];
const pieceCounts: readonly number[] = [1, 1, 1, 2, 4, 16, 60];
/** The rate of inputs whose head is not spared. */
const brokenHeads = 0.02;

/** Where readers tend to be wrong by one. */
const edges: readonly number[] = [
  0, 1, 2, 4, 5, 8, 9, 10, 0x3f, 0x7f, 0x80, 0xff, 0x3fff, 0x4000, 0x7fff, 0xffff, 0x1_0000,
  0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];

/**
 * An input: a sample whose parts were left out, repeated, exchanged, lied about or mixed with those of
 * another, and some of whose bytes were changed, put in, taken out or cut off. A few stay as they are.
 */
export function mutated(corpus: Corpus, random: SeededRandom): Uint8Array {
  const parts = [...random.pick(corpus.samples)];
  const first = random.chance(brokenHeads) ? 0 : Math.min(corpus.headParts, parts.length);
  for (let i = random.integer(0, 3); i > 0; i--) changeParts(parts, first, corpus, random);
  let bytes = joined(parts);
  let spared = 0;
  for (let i = 0; i < first; i++) spared += (parts[i] as Uint8Array).length;
  for (let i = random.integer(0, 3); i > 0; i--) bytes = changeBytes(bytes, spared, corpus, random);
  return bytes;
}

/** The same bytes in pieces: one, some, or as many as there are bytes where those are few. Each is a copy. */
export function pieces(bytes: Uint8Array, random: SeededRandom): Uint8Array[] {
  const wanted = random.pick(pieceCounts);
  if (wanted === 1) return [bytes.slice()];
  const most = Math.max(1, Math.ceil((2 * bytes.length) / wanted));
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.integer(1, most);
    cut.push(bytes.slice(at, end));
    at = end;
  }
  return cut;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(Math.min(length, maxBytes));
  let at = 0;
  for (const part of parts) {
    if (at + part.length > maxBytes) return bytes.subarray(0, at);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function changeParts(
  parts: Uint8Array[],
  first: number,
  { samples, words = [], length }: Corpus,
  random: SeededRandom,
): void {
  if (parts.length === first) return;
  const at = random.integer(first, parts.length - 1);
  const part = parts[at] as Uint8Array;
  const other = random.pick(samples);
  switch (random.integer(0, 6)) {
    case 0:
      parts.splice(at, random.integer(1, 3));
      break;
    case 1:
      parts.splice(at, 0, ...Array<Uint8Array>(random.pick(repeats)).fill(part));
      break;
    case 2: {
      const with_ = random.integer(first, parts.length - 1);
      parts[at] = parts[with_] as Uint8Array;
      parts[with_] = part;
      break;
    }
    case 3:
      parts.splice(at, parts.length, ...other.slice(random.integer(0, other.length - 1)));
      break;
    case 4:
      parts.splice(at, 0, random.pick(other));
      break;
    case 5:
      if (words.length > 0) parts.splice(at, random.integer(0, 1), random.pick(words));
      break;
    default:
      if (length !== undefined && part.length >= length.at + length.bytes) {
        parts[at] = Uint8Array.from(part);
        writeNumber(parts[at] as Uint8Array, length.at, length.bytes, lieOf(part.length, random));
      }
  }
}

function changeBytes(
  bytes: Uint8Array,
  spared: number,
  { words = [] }: Corpus,
  random: SeededRandom,
): Uint8Array {
  if (bytes.length <= spared) return bytes;
  const at = random.integer(spared, bytes.length - 1);
  const value = bytes[at] as number;
  switch (random.integer(0, 7)) {
    case 0:
      bytes[at] = value ^ (1 << random.integer(0, 7));
      return bytes;
    case 1:
      bytes[at] = random.pick(edges);
      return bytes;
    case 2:
      bytes[at] = random.integer(0, 255);
      return bytes;
    case 3:
      writeNumber(bytes, at, random.pick([2, 3, 4, 8]), random.pick(edges));
      return bytes;
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return spliced(bytes, at, random.integer(1, 20), emptyBytes);
    case 6: {
      const end = Math.min(bytes.length, at + random.integer(1, 40));
      return spliced(bytes, at, 0, bytes.subarray(at, end));
    }
    default:
      return spliced(bytes, at, 0, words.length > 0 ? random.pick(words) : random.bytes(4));
  }
}

const emptyBytes = new Uint8Array(0);

function spliced(bytes: Uint8Array, at: number, without: number, more: Uint8Array): Uint8Array {
  const behind = Math.min(bytes.length, at + without);
  const changed = new Uint8Array(bytes.length - behind + at + more.length);
  changed.set(bytes.subarray(0, at));
  changed.set(more, at);
  changed.set(bytes.subarray(behind), at + more.length);
  return changed;
}

function lieOf(truth: number, random: SeededRandom): number {
  return random.chance(0.5) ? random.pick(edges) : Math.max(0, truth + random.integer(-12, 12));
}

/** Big-endian, as far as there are bytes. */
function writeNumber(bytes: Uint8Array, at: number, count: number, value: number): void {
  for (let i = 0; i < count && at + i < bytes.length; i++) {
    bytes[at + i] = Math.floor(value / 2 ** (8 * (count - 1 - i))) & 0xff;
  }
}
