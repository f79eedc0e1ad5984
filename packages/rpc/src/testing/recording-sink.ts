import type { ClientSink, Trailer } from '../core/call.ts';
import type { Metadata } from '../core/metadata.ts';

/**
 * A sink that keeps what it is told and throws where the order of a call is broken: a header after
 * a message, anything after the end.
 */
export class RecordingSink implements ClientSink {
  header: Metadata | undefined;
  readonly messages: Uint8Array[] = [];
  trailer: Trailer | undefined;
  writable = 0;
  /** Called after each event, with its name. */
  onEvent: ((event: 'header' | 'message' | 'end' | 'writable') => void) | undefined;
  /** Resolves with the end. */
  readonly end: Promise<Trailer>;
  readonly #resolve: (trailer: Trailer) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Trailer>();
    this.end = promise;
    this.#resolve = resolve;
  }

  /** The messages as text. */
  get texts(): string[] {
    return this.messages.map((bytes) => new TextDecoder().decode(bytes));
  }

  /** The code of the end, `ok` for none, undefined before it. */
  get code(): string | undefined {
    return this.trailer && (this.trailer.error?.code ?? 'ok');
  }

  onHeader(metadata: Metadata): void {
    this.#mustBeOpen('onHeader');
    if (this.header) throw new Error('onHeader was called twice');
    if (this.messages.length > 0) throw new Error('onHeader was called after onMessage');
    this.header = metadata;
    this.onEvent?.('header');
  }

  onMessage(bytes: Uint8Array): void {
    this.#mustBeOpen('onMessage');
    this.messages.push(bytes.slice());
    this.onEvent?.('message');
  }

  onEnd(trailer: Trailer): void {
    this.#mustBeOpen('onEnd');
    this.trailer = trailer;
    this.#resolve(trailer);
    this.onEvent?.('end');
  }

  onWritable(): void {
    this.#mustBeOpen('onWritable');
    this.writable++;
    this.onEvent?.('writable');
  }

  #mustBeOpen(event: string): void {
    if (this.trailer) throw new Error(`${event} was called after onEnd`);
  }
}
