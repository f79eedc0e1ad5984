export interface UpgradableBodyOptions<T> {
  /** What is given out first. */
  readonly first: ReadableStream<Uint8Array>;
  /** The answer that may take its place; undefined when there will be none. */
  readonly better: Promise<T | undefined>;
  /** The client left: nobody waits for a better answer. */
  readonly giveUp: () => void;
  /** Voids the first answer; gives the text that says so, and the rest of the better one. */
  readonly takeOver: (answer: T) => { text: string; rest: ReadableStream<Uint8Array> | null };
  /** Gives up a better answer that nobody reads. */
  readonly discard: (answer: T) => void;
  /** The first answer has ended and counts; gives what it still has to tell: why it broke off. */
  readonly endFirst: () => string;
}

interface Chunk {
  readonly value?: Uint8Array | undefined;
  /** Why there will be no more; absent at a regular end. */
  readonly reason?: unknown;
}

/**
 * The bytes of one answer and, where another takes its place in the middle, what says so and the other's.
 * An answer that broke off waits for the other. Read no faster than it is taken.
 */
export function upgradableBody<T>(options: UpgradableBodyOptions<T>): ReadableStream<Uint8Array> {
  const source = new UpgradableSource(options);
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => source.pull(controller),
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

class UpgradableSource<T> {
  readonly #options: UpgradableBodyOptions<T>;
  readonly #better: Promise<{ answer: T | undefined }>;
  #reader: ChunkReader;
  /** Whether the better answer may still come. */
  #isOpen = true;
  #isUpgraded = false;

  constructor(options: UpgradableBodyOptions<T>) {
    this.#options = options;
    this.#reader = new ChunkReader(options.first);
    this.#better = options.better.then((answer) => ({ answer }));
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const chunk = await this.#next();
    if (chunk === undefined) return this.#upgrade(controller);
    if (chunk.value) return controller.enqueue(chunk.value);
    if (this.#isOpen && (await this.#better).answer !== undefined) return this.#upgrade(controller);
    this.#isOpen = false;
    const text = this.#isUpgraded ? '' : this.#options.endFirst();
    if (text !== '') controller.enqueue(Buffer.from(text));
    if ('reason' in chunk && text === '') controller.error(chunk.reason);
    else controller.close();
  }

  async cancel(reason: unknown): Promise<void> {
    this.#options.giveUp();
    const { answer } = await this.#better;
    if (answer !== undefined && this.#isOpen) this.#options.discard(answer);
    await this.#reader.cancel(reason);
  }

  /** The next bytes; undefined when a better answer is there before them. */
  async #next(): Promise<Chunk | undefined> {
    if (this.#isOpen) {
      const came = await Promise.race([this.#better, this.#reader.peek()]);
      if ('answer' in came) {
        if (came.answer !== undefined) return undefined;
        this.#isOpen = false;
      }
    }
    return this.#reader.take();
  }

  async #upgrade(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { answer } = await this.#better;
    if (answer === undefined) return;
    this.#isOpen = false;
    this.#isUpgraded = true;
    const first = this.#reader;
    const { rest, text } = this.#options.takeOver(answer);
    this.#reader = new ChunkReader(rest ?? new Blob().stream());
    controller.enqueue(Buffer.from(text));
    await first.cancel('a better answer took its place');
  }
}

/** Reads a stream. Never rejects. */
class ChunkReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #next: Promise<Chunk> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** The next bytes, which stay the next ones. */
  peek(): Promise<Chunk> {
    this.#next ??= this.#read();
    return this.#next;
  }

  take(): Promise<Chunk> {
    const next = this.peek();
    this.#next = undefined;
    return next;
  }

  async cancel(reason: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => undefined);
  }

  async #read(): Promise<Chunk> {
    try {
      const read = await this.#reader.read();
      return read.done ? {} : { value: read.value };
    } catch (reason) {
      return { reason };
    }
  }
}
