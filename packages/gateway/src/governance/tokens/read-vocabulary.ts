import { open } from 'node:fs/promises';
import { TimeSlice } from './time-slice.ts';
import { Vocabulary } from './vocabulary.ts';

const chunkBytes = 65_536;
/** What is taken in before the clock is read. */
const stepBytes = 2_048;
const sliceMs = 1;
const newline = 0x0a;
const space = 0x20;
const digitZero = 0x30;
const padding = 0x3d;

/** The bits that each byte of base64 stands for. */
const bitsOf = new Uint8Array(256).fill(0xff);
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let bits = 0; bits < alphabet.length; bits++) bitsOf[alphabet.charCodeAt(bits)] = bits;

/** OpenAI's newest vocabulary, as `tiktoken` publishes it and `gpt-tokenizer` carries it. */
export function o200kFile(): URL {
  return new URL(import.meta.resolve('gpt-tokenizer/data/o200k_base.tiktoken'));
}

/**
 * Reads a vocabulary in the format of `tiktoken`: a line for every token, its bytes in base64, a
 * blank, and its rank, which is the number of the line from 0. Other work gets its turn every
 * millisecond or two. Rejects where the file cannot be read, or is something else.
 */
export async function readVocabulary(file: URL): Promise<Vocabulary> {
  const handle = await open(file);
  try {
    const lines = new Lines();
    const slice = new TimeSlice(sliceMs);
    const chunk = new Uint8Array(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes);
      if (bytesRead === 0) return lines.end();
      for (let at = 0; at < bytesRead; at += stepBytes) {
        if (slice.isOver) await slice.next();
        lines.add(chunk, at, Math.min(at + stepBytes, bytesRead));
      }
    }
  } finally {
    await handle.close();
  }
}

/** Where in a line the reader is; chunks may end anywhere in it. */
class Lines {
  readonly #vocabulary = new Vocabulary();
  #inRank = false;
  #rank = 0;
  #lastByte = newline;
  /** Bits of the token that are not yet a byte. */
  #bits = 0;
  #bitCount = 0;

  add(chunk: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === newline) this.#endLine();
      else if (this.#inRank) this.#rank = this.#rank * 10 + (byte - digitZero);
      else if (byte === space) this.#inRank = true;
      else if (byte !== padding) this.#addBits(bitsOf[byte] ?? 0);
    }
    this.#lastByte = chunk[to - 1] ?? newline;
  }

  end(): Vocabulary {
    if (this.#lastByte !== newline || this.#vocabulary.size === 0) this.#refuse();
    return this.#vocabulary;
  }

  #addBits(bits: number): void {
    if (bits > 0x3f) this.#refuse();
    this.#bits = ((this.#bits << 6) | bits) & 0xffff;
    this.#bitCount += 6;
    if (this.#bitCount < 8) return;
    this.#bitCount -= 8;
    this.#vocabulary.push((this.#bits >>> this.#bitCount) & 0xff);
  }

  #endLine(): void {
    if (!this.#inRank || this.#rank !== this.#vocabulary.size) this.#refuse();
    this.#vocabulary.endToken();
    this.#inRank = false;
    this.#rank = 0;
    this.#bits = 0;
    this.#bitCount = 0;
  }

  #refuse(): never {
    throw new Error(`line ${this.#vocabulary.size + 1} is not a token and its rank`);
  }
}
