import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';

/** Length and CRC-32 of what follows, each four bytes, the least one first. */
const headBytes = 8;
/** More than any record has; a longer length is no length. */
export const maxRecordBytes = 64 * 1_048_576;

/** What was not as it had been written, and was put aside. */
export interface CutTail {
  file: string;
  /** Bytes that are lost to the reader; they are in `<file>.damaged`. */
  bytes: number;
}

/**
 * One file of records, each with its length and its checksum, written at its end and read from its
 * beginning. What does not fit its checksum ends the file: it is cut off there and kept beside it.
 */
export class SpoolSegment {
  readonly path: string;
  readonly #file: FileHandle;
  #size: number;
  #readAt = 0;
  /** Of the record that `first` has found. */
  #firstBytes = 0;

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.#file = file;
    this.#size = size;
  }

  /** Makes a file that its owner alone may read; throws where there is one of that name. */
  static async create(path: string): Promise<SpoolSegment> {
    return new SpoolSegment(path, await open(path, 'wx+', 0o600), 0);
  }

  static async open(path: string): Promise<SpoolSegment> {
    const file = await open(path, 'r+');
    return new SpoolSegment(path, file, (await file.stat()).size);
  }

  get size(): number {
    return this.#size;
  }

  /** True when all that was written was read and dropped. */
  get isDone(): boolean {
    return this.#readAt >= this.#size;
  }

  /** Resolves when the record is on the disk. What was written by half before an error is taken back. */
  async append(record: Uint8Array): Promise<void> {
    const bytes = new Uint8Array(headBytes + record.length);
    const head = new DataView(bytes.buffer);
    head.setUint32(0, record.length, true);
    head.setUint32(4, Bun.hash.crc32(record), true);
    bytes.set(record, headBytes);
    try {
      await this.#writeAll(bytes);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += bytes.length;
  }

  /** The oldest record that was not dropped; undefined where there is none. */
  async first(cut: (tail: CutTail) => void): Promise<Uint8Array | undefined> {
    if (this.isDone) return undefined;
    const record = await this.#read();
    if (record) return record;
    cut(await this.#cut());
    return undefined;
  }

  /** The record that `first` gave last is done with. */
  drop(): void {
    this.#readAt += this.#firstBytes;
    this.#firstBytes = 0;
  }

  /** Closes the file, and takes it away where it is of no more use. */
  async close(remove: boolean): Promise<void> {
    await this.#file.close();
    if (remove) await rm(this.path, { force: true });
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      const { bytesWritten } = await this.#file.write(bytes, written, rest, this.#size + written);
      written += bytesWritten;
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    const rest = this.#size - this.#readAt;
    if (rest < headBytes) return undefined;
    const head = await this.#readBytes(this.#readAt, headBytes);
    const view = new DataView(head.buffer, head.byteOffset);
    const length = view.getUint32(0, true);
    if (length > Math.min(rest - headBytes, maxRecordBytes)) return undefined;
    const record = await this.#readBytes(this.#readAt + headBytes, length);
    if (Bun.hash.crc32(record) !== view.getUint32(4, true)) return undefined;
    this.#firstBytes = headBytes + length;
    return record;
  }

  async #readBytes(from: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const { bytesRead } = await this.#file.read(bytes, have, length - have, from + have);
      if (bytesRead === 0) break;
      have += bytesRead;
    }
    return bytes;
  }

  async #cut(): Promise<CutTail> {
    const bytes = this.#size - this.#readAt;
    const tail = await this.#readBytes(this.#readAt, bytes);
    await writeFile(`${this.path}.damaged`, tail, { mode: 0o600 });
    await this.#file.truncate(this.#readAt);
    this.#size = this.#readAt;
    return { file: this.path, bytes };
  }
}
