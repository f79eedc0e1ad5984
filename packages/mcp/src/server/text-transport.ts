import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { FrameFault, messageOf, parseFrame } from './frame.ts';

/** Where a transport of texts goes: a socket, or a pipe. */
export interface TextSink {
  /** Resolves when more can be taken. Throws when nothing can any more. */
  write(text: string): Promise<void>;
  close(): void;
}

/**
 * Messages of MCP as texts, one each, both ways: a transport of the SDK without a socket of its own. What
 * is no message is answered as an error, and ends nothing.
 */
export class TextTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  /** Looks at every message before it is handled; the next waits for it. */
  readonly #before: (message: JSONRPCMessage) => Promise<void> | undefined;
  readonly #sink: TextSink;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isClosed = false;

  constructor(
    sink: TextSink,
    before: (message: JSONRPCMessage) => Promise<void> | undefined = () => undefined,
  ) {
    this.#sink = sink;
    this.#before = before;
  }

  async start(): Promise<void> {}

  /** Takes a message. Messages are handled in their order. */
  receive(text: string): void {
    if (this.#isClosed) return;
    let message: JSONRPCMessage;
    try {
      message = messageOf(parseFrame(text));
    } catch (error) {
      this.#refuse(error);
      return;
    }
    const looked = this.#waiting === 0 ? this.#before(message) : undefined;
    if (this.#waiting === 0 && looked === undefined) {
      this.onmessage?.(message);
      return;
    }
    this.#queue(message, looked);
  }

  #queue(message: JSONRPCMessage, looked: Promise<void> | undefined): void {
    if (this.#waiting >= maxWaitingMessages) {
      this.onerror?.(new Error(`more than ${maxWaitingMessages} messages wait`));
      void this.close();
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      await (looked ?? this.#before(message));
      this.#waiting -= 1;
      if (!this.#isClosed) this.onmessage?.(message);
    });
  }

  #refuse(error: unknown): void {
    const { code, id, message } =
      error instanceof FrameFault ? error : new FrameFault(-32_600, 'it is no message');
    const answer = { jsonrpc: '2.0', id, error: { code, message } };
    this.#sink.write(JSON.stringify(answer)).catch(() => this.close());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#sink.write(JSON.stringify(message));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink.close();
    this.onclose?.();
  }
}

/** Messages that wait while one before them is looked at. */
const maxWaitingMessages = 1_000;
