import { lendMessage } from '../codec/message-bytes.ts';
import type { MessageType } from '../codec/message-type.ts';

/** Where messages go: either side of a call. */
interface MessageTarget {
  sendMessage(bytes: Uint8Array): boolean;
  /** Of a message that the iterable gave, and that its type cannot hold. */
  unwritable(cause: unknown): unknown;
}

/**
 * From an async iterable to a call: what one side of it sends, as fast as the other reads. `done` is
 * called once when the iterable ends, or with what went wrong: what the iterable threw, or what
 * the target says of a message that cannot be written. Not after `stop`, which also closes the
 * iterator.
 */
export class MessageSender {
  readonly #type: MessageType;
  readonly #target: MessageTarget;
  readonly #done: (error?: unknown) => void;
  #iterator: AsyncIterator<object> | undefined;
  #resume: (() => void) | undefined;
  #stopped = false;

  constructor(
    type: MessageType,
    target: MessageTarget,
    messages: AsyncIterable<object>,
    done: (error?: unknown) => void,
  ) {
    this.#type = type;
    this.#target = target;
    this.#done = done;
    void this.#run(messages);
  }

  /** The call takes messages again. */
  resume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** The call is over. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.resume();
    // What the iterator says to that is nobody's concern any more.
    Promise.resolve(this.#iterator?.return?.()).catch(() => {});
  }

  async #run(messages: AsyncIterable<object>): Promise<void> {
    try {
      const iterator = messages[Symbol.asyncIterator]();
      this.#iterator = iterator;
      while (!this.#stopped) {
        const result = await iterator.next();
        if (this.#stopped) return;
        if (result.done) break;
        if (this.#target.sendMessage(this.#bytesOf(result.value))) continue;
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      }
    } catch (error) {
      if (this.#stopped) return;
      this.#stopped = true;
      Promise.resolve(this.#iterator?.return?.()).catch(() => {});
      this.#done(error);
      return;
    }
    if (this.#stopped) return;
    this.#stopped = true;
    this.#done();
  }

  #bytesOf(message: object): Uint8Array {
    try {
      return lendMessage(this.#type, message);
    } catch (cause) {
      throw this.#target.unwritable(cause);
    }
  }
}
