import { type FileHandle, open } from 'node:fs/promises';
import { fileFault } from '../file-fault.ts';
import { type RecordedCall, type RecordingHead, recordingVersion } from './recording-format.ts';

export interface RecorderOptions {
  /** A file that is there is added to. Only its owner may read it, as it has what was said. */
  readonly path: string;
  /** What records, for people: `proxy to grpc://localhost:50051`. */
  readonly by: string;
  /** After this many bytes nothing is added: 1 GiB. */
  readonly maxFileBytes?: number;
  /** What may wait to be written, in bytes: 64 MiB. A call beyond it is not recorded. */
  readonly maxQueuedBytes?: number;
  /** Told once when something is not recorded: the file is full, or cannot be written any more. */
  readonly onLoss: (reason: string) => void;
}

const defaultMaxFileBytes = 1024 ** 3;
const defaultMaxQueuedBytes = 64 * 1024 ** 2;

/**
 * Writes calls to a file, one line each, in the order in which they ended.
 * @throws RpcError for a file that cannot be written.
 */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const { path, by } = options;
  const name = `--record ${path}`;
  const file = await open(path, 'a', 0o600).catch((cause) => {
    throw fileFault(name, cause);
  });
  const { size } = await file.stat();
  const recorder = new Recorder(file, size, options);
  const startedAt = new Date().toISOString();
  const head: RecordingHead = { recording: recordingVersion, startedAt, by };
  recorder.write(head);
  return recorder;
}

/** Made by `openRecorder`. */
export class Recorder implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #options: RecorderOptions;
  #fileBytes: number;
  #queuedBytes = 0;
  #work: Promise<void> = Promise.resolve();
  #hasToldLoss = false;

  constructor(file: FileHandle, fileBytes: number, options: RecorderOptions) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#options = options;
  }

  /** Whether another call would be recorded. */
  get hasRoom(): boolean {
    const { maxFileBytes = defaultMaxFileBytes, maxQueuedBytes = defaultMaxQueuedBytes } =
      this.#options;
    return this.#fileBytes < maxFileBytes && this.#queuedBytes < maxQueuedBytes;
  }

  /** Adds a line, later. */
  write(line: RecordingHead | RecordedCall): void {
    if (!this.hasRoom) {
      this.lose('the recording is as large as it may be');
      return;
    }
    const text = `${JSON.stringify(line)}\n`;
    const bytes = Buffer.byteLength(text);
    this.#fileBytes += bytes;
    this.#queuedBytes += bytes;
    this.#work = this.#work.then(async () => {
      await this.#file.appendFile(text).catch((cause) => {
        this.lose(fileFault(this.#options.path, cause).message);
      });
      this.#queuedBytes -= bytes;
    });
  }

  /** Says that something is not recorded, the first time. */
  lose(reason: string): void {
    if (this.#hasToldLoss) return;
    this.#hasToldLoss = true;
    this.#options.onLoss(reason);
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#file.close();
  }
}
