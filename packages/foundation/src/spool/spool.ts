import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Logger } from '../telemetry/logger.ts';
import { type FileLock, takeFileLock } from './file-lock.ts';
import { maxRecordBytes, SpoolSegment } from './spool-segment.ts';

/** A file is closed at this size and another begun, so that what is done with makes room. */
const segmentBytes = 8 * 1_048_576;

export interface SpoolOptions {
  /** Shared by all processes on this state; made when it is needed. */
  folder: string;
  /** What it is a spool of: lower-case letters. */
  name: string;
  /** Of all files of this process together. */
  maxBytes: number;
  log: Logger;
}

/**
 * A queue on the disk, for what the database does not take now: records come out in the order they went
 * in, and stay until they are dropped, also over a crash. A record is on the disk (`fdatasync`) when
 * `append` resolves. Each process has files of its own, under a lock; those that a process left which
 * is no more are taken over. One that dies while it reads may see records again that it had dropped: who
 * reads has to know them.
 */
export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions;
  /** The oldest first; only the last is written, and only where it is this process's own. */
  readonly #segments: SpoolSegment[] = [];
  readonly #adopted = new Map<SpoolSegment, Adopted>();
  readonly #id = crypto.randomUUID();
  #lock: FileLock | undefined;
  #current: SpoolSegment | undefined;
  /** That `first` has read. */
  #reading: SpoolSegment | undefined;
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Opens a spool, with what processes have left that are no more. Makes no file before it has to. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    await spool.adopt();
    return spool;
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** On the disk, what is done with but not yet taken away counted in. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether a record of this size has room. */
  hasRoom(bytes = 0): boolean {
    return this.bytes + bytes <= this.#options.maxBytes;
  }

  /**
   * Resolves when the record is on the disk. Throws `resource_exhausted` when there is no room for it,
   * and `unavailable` when the disk does not take it; nothing of it is kept then.
   */
  append(record: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#append(record));
  }

  /** The oldest record; undefined where there is none. What is damaged is cut off, which the log says. */
  first(): Promise<Uint8Array | undefined> {
    return this.#inTurn(() => this.#first());
  }

  /** The record that `first` gave last is done with. */
  drop(): Promise<void> {
    return this.#inTurn(async () => {
      const segment = this.#reading;
      segment?.drop();
      if (segment?.isDone) await this.#remove(segment);
    });
  }

  /** Takes over what processes have left that are no more. True where there was something. */
  adopt(): Promise<boolean> {
    return this.#inTurn(() => this.#adopt());
  }

  /** Closes the files. What is in them is for the next process. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#inTurn(() => this.#close());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(record: Uint8Array): Promise<void> {
    const { folder, maxBytes, name } = this.#options;
    if (record.length > maxRecordBytes || !this.hasRoom(record.length)) {
      throw new RpcError('resource_exhausted', `the ${name} spool has its ${maxBytes} bytes`);
    }
    try {
      const segment = await this.#writable();
      await segment.append(record);
    } catch (cause) {
      if (this.#current?.isDone) await this.#remove(this.#current);
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${folder}: the spool cannot be written: ${reason}`;
      throw new RpcError('unavailable', message, { cause });
    }
  }

  async #first(): Promise<Uint8Array | undefined> {
    for (;;) {
      const [segment] = this.#segments;
      this.#reading = segment;
      if (segment === undefined) return undefined;
      const record = await segment.first(({ file, bytes }) => {
        const message = 'the end of a spool was damaged and is cut off; it is kept beside the file';
        this.#options.log.error(message, { file, kept: `${file}.damaged`, bytes });
      });
      if (record) return record;
      await this.#remove(segment);
    }
  }

  async #adopt(): Promise<boolean> {
    const { folder, log, name } = this.#options;
    const known = new Set([this.#id, ...[...this.#adopted.values()].map(({ owner }) => owner)]);
    let found = false;
    for (const owner of new Set((await this.#files()).map((file) => ownerOf(file, name)))) {
      if (owner === undefined || known.has(owner)) continue;
      const lock = takeFileLock(join(folder, `${name}-${owner}.lock`));
      if (!lock) continue;
      // Only now is it sure that nobody else reads them.
      const files = (await this.#files()).filter((file) => ownerOf(file, name) === owner).sort();
      const segments = await Promise.all(
        files.map((file) => SpoolSegment.open(join(folder, file))),
      );
      if (segments.length === 0) {
        await lock.release(true);
        continue;
      }
      found = true;
      const adopted = { owner, lock, left: segments.length };
      for (const segment of segments) this.#adopted.set(segment, adopted);
      this.#segments.unshift(...segments);
      log.warn('what an earlier process could not write is found', { folder, files });
    }
    return found;
  }

  async #close(): Promise<void> {
    const own = this.#segments.filter((segment) => !this.#adopted.has(segment));
    for (const segment of this.#segments) await segment.close(segment.isDone);
    for (const { lock } of new Set(this.#adopted.values())) await lock.release(false);
    await this.#lock?.release(own.length === 0);
    this.#segments.length = 0;
    this.#adopted.clear();
    this.#current = undefined;
    this.#lock = undefined;
  }

  async #writable(): Promise<SpoolSegment> {
    const current = this.#current;
    if (current && current.size < segmentBytes) return current;
    const { folder, name } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#lock ??= takeFileLock(join(folder, `${name}-${this.#id}.lock`));
    this.#count += 1;
    const number = String(this.#count).padStart(8, '0');
    const segment = await SpoolSegment.create(join(folder, `${name}-${this.#id}-${number}.spool`));
    this.#current = segment;
    this.#segments.push(segment);
    await syncFolder(folder);
    return segment;
  }

  async #remove(segment: SpoolSegment): Promise<void> {
    const at = this.#segments.indexOf(segment);
    if (at >= 0) this.#segments.splice(at, 1);
    if (this.#current === segment) this.#current = undefined;
    await segment.close(true);
    const adopted = this.#adopted.get(segment);
    if (!adopted) return;
    this.#adopted.delete(segment);
    adopted.left -= 1;
    if (adopted.left === 0) await adopted.lock.release(true);
  }

  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.#options.folder)).filter((file) => file.endsWith('.spool'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** What a process left that is no more, as far as it is still there. */
interface Adopted {
  owner: string;
  lock: FileLock;
  left: number;
}

function ownerOf(file: string, name: string): string | undefined {
  if (!file.startsWith(`${name}-`)) return undefined;
  return /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})-\d{8}\.spool$/.exec(
    file.slice(name.length + 1),
  )?.[1];
}

/** That a file is in its folder survives a loss of power only then. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
