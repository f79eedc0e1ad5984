import { envelopeHeaderBytes } from './envelope-reader.ts';

/** One envelope in bytes of its own. */
export function envelope(flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(envelopeHeaderBytes + payload.length);
  writeEnvelope(bytes, 0, flags, payload);
  return bytes;
}

const initialBytes = 1_024;
const noBytes = new Uint8Array(0);

/** Envelopes that wait to be sent together. */
export class EnvelopeWriter {
  #bytes: Uint8Array = noBytes;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy. */
  add(flags: number, payload: Uint8Array): void {
    const end = this.#length + envelopeHeaderBytes + payload.length;
    if (end > this.#bytes.length) this.#grow(end);
    writeEnvelope(this.#bytes, this.#length, flags, payload);
    this.#length = end;
  }

  /** All that was added since the last `take`; the caller's own. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = noBytes;
    this.#length = 0;
    return taken;
  }

  #grow(needed: number): void {
    // The first envelope often stays alone, so its buffer fits it.
    const size =
      this.#bytes.length === 0 && needed > initialBytes / 2
        ? needed
        : Math.max(needed, initialBytes, this.#bytes.length * 2);
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function writeEnvelope(bytes: Uint8Array, at: number, flags: number, payload: Uint8Array): void {
  const { length } = payload;
  bytes[at] = flags;
  bytes[at + 1] = length >>> 24;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 8;
  bytes[at + 4] = length;
  bytes.set(payload, at + envelopeHeaderBytes);
}
