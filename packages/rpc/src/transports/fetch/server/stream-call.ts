import { toBase64 } from '../../../codec/base64.ts';
import type { Trailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { sinkFault } from '../../../core/sink-fault.ts';
import { RpcError } from '../../../rpc-error.ts';
import { Base64Stream } from '../wire/base64-stream.ts';
import { compressedFlag, EnvelopeReader } from '../wire/envelope-reader.ts';
import { EnvelopeWriter, envelope } from '../wire/envelope-writer.ts';
import { writeMetadata } from '../wire/headers.ts';
import type { Exchange } from './exchange.ts';
import { HttpServerCall } from './http-server-call.ts';
import { brokenOff } from './request-body.ts';
import type { StreamProtocol } from './stream-protocol.ts';

const utf8 = new TextEncoder();
const sizeOf = (chunk?: Uint8Array): number => chunk?.length ?? 0;

/**
 * A call whose messages go in envelopes: a stream of the Connect protocol, or any call of gRPC-Web.
 * What is sent within one turn goes in one
 * chunk, and a call that ends within its first turn has a body of one piece.
 */
export class StreamServerCall extends HttpServerCall {
  readonly #protocol: StreamProtocol;
  readonly #unsent = new EnvelopeWriter();
  #respond: (response: Response) => void = () => {};
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isFlushQueued = false;
  /** True from a `sendMessage` that answered false to the `onWritable` it promised. */
  #wantsRoom = false;
  #stopReading: (() => Promise<void>) | undefined;
  #resumeReading: (() => void) | undefined;

  constructor(exchange: Exchange, protocol: StreamProtocol) {
    super(exchange);
    this.#protocol = protocol;
  }

  override begin(): Promise<Response> {
    return new Promise((resolve) => {
      this.#respond = resolve;
      this.handle();
      if (this.isOver) return;
      if (this.exchange.method?.kind !== 'unary') this.hearAbort();
      void this.#read();
    });
  }

  override sendHeader(metadata: Metadata): void {
    super.sendHeader(metadata);
    if (this.exchange.method?.kind !== 'unary') this.#queueFlush();
  }

  override sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.isOver) return true;
    try {
      const wire = this.writeMessage(bytes);
      const packed = this.compressed(wire, compress);
      if (packed === undefined) this.#unsent.add(0, wire);
      else this.#unsent.add(compressedFlag, packed);
    } catch (error) {
      this.fail(sinkFault(this.path, error));
      return true;
    }
    this.#queueFlush();
    const room = this.#room();
    if (room > 0) return true;
    if (this.limits.streamWindowBytes - room > this.limits.maxQueuedBytes) {
      this.fail(
        new RpcError(
          'resource_exhausted',
          'more was sent than the peer takes, beyond the limit maxQueuedBytes: wait for onWritable',
        ),
      );
      return true;
    }
    this.#wantsRoom = true;
    return false;
  }

  override sendEnd(trailer: Trailer): void {
    this.handled();
    if (this.isOver) return;
    this.end();
    this.respondEnd(trailer);
  }

  override resume(): void {
    this.isPaused = false;
    const resume = this.#resumeReading;
    this.#resumeReading = undefined;
    resume?.();
  }

  protected override end(): void {
    super.end();
    this.resume();
    // The rest of the request is of no use; that it breaks off, neither.
    this.#stopReading?.().catch(() => {});
  }

  protected override respondEnd(trailer: Trailer): void {
    this.#unsent.add(
      this.#protocol.endFlags,
      this.#protocol.writeEnd(trailer, this.exchange.settings.registry),
    );
    const body = this.#takeUnsent();
    if (this.#controller === undefined) {
      this.#respond(this.#response(body as Uint8Array<ArrayBuffer>));
      return;
    }
    try {
      this.#controller.enqueue(body);
      this.#controller.close();
    } catch {
      // The client is gone, and its body with it.
    }
  }

  /** What may still be sent before the client has read something; below zero where it is more. */
  #room(): number {
    const room = this.#controller?.desiredSize ?? this.limits.streamWindowBytes;
    return room - this.#unsent.length;
  }

  #queueFlush(): void {
    if (this.#isFlushQueued || this.isOver) return;
    this.#isFlushQueued = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushQueued = false;
    if (this.isOver) return;
    if (this.#controller === undefined) {
      this.#respond(this.#response(this.#body()));
    }
    if (this.#unsent.length > 0) this.#controller?.enqueue(this.#takeUnsent());
  }

  #body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#tellRoom(),
        cancel: () => this.handleEvent(),
      },
      { highWaterMark: this.limits.streamWindowBytes, size: sizeOf },
    );
  }

  #tellRoom(): void {
    if (!this.#wantsRoom || this.isOver || this.#room() <= 0) return;
    this.#wantsRoom = false;
    this.sink.onWritable();
  }

  #takeUnsent(): Uint8Array {
    const bytes = this.#unsent.take();
    return this.#protocol.isText ? utf8.encode(toBase64(bytes)) : bytes;
  }

  #response(body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>): Response {
    const { content, responseCompressor } = this.exchange;
    const headers: Record<string, string> = { 'content-type': content.contentType };
    if (responseCompressor !== undefined) {
      headers[this.#protocol.encodingHeader] = responseCompressor.name;
    }
    const response = new Response(body, { headers });
    if (this.header.size > 0) writeMetadata(this.header, response.headers);
    return response;
  }

  async #read(): Promise<void> {
    try {
      const { body } = this.exchange.request;
      if (body !== null) await this.#readEnvelopes(body);
      if (this.isPaused) await this.#resumed();
      if (this.isOver) return;
      this.sink.onHalfClose();
      this.hearAbortSoon();
    } catch (error) {
      this.fail(sinkFault(this.path, error));
    }
  }

  async #readEnvelopes(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    this.#stopReading = () => reader.cancel();
    const envelopes = new EnvelopeReader(this.limits.maxMessageBytes);
    const text = this.#protocol.isText ? new Base64Stream() : undefined;
    while (!this.isOver) {
      const result = await reader.read().catch((cause: unknown) => {
        throw brokenOff(cause);
      });
      if (result.done) break;
      envelopes.push(text === undefined ? result.value : text.decode(result.value));
      while (!this.isOver && envelopes.next()) {
        if (this.isPaused) await this.#resumed();
        if (!this.isOver) this.#receive(envelopes);
      }
    }
    if (!this.isOver && (envelopes.unfinishedBytes > 0 || text?.isWhole === false)) {
      throw new RpcError('invalid_argument', 'the body of the request ends within a message');
    }
  }

  #receive({ flags, payload }: EnvelopeReader): void {
    if ((flags & ~compressedFlag) !== 0) {
      throw new RpcError(
        'invalid_argument',
        `a message of the request has the flags ${flags}: they must be 0, or 1 if it is compressed`,
      );
    }
    const isCompressed = flags === compressedFlag;
    if (isCompressed && this.exchange.requestCompressor === undefined) {
      throw new RpcError(
        'internal',
        `a message of the request is compressed, and the header ${this.#protocol.encodingHeader} does not say how`,
      );
    }
    this.sink.onMessage(this.readMessage(payload, isCompressed), isCompressed);
  }

  /** Resolves with `resume`, or the call's end. */
  #resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resumeReading = resolve;
    });
  }
}

/** The response of a call that failed before it had a handler. */
export function streamErrorResponse(
  error: RpcError,
  protocol: StreamProtocol,
  contentType: string,
): Response {
  const end = envelope(
    protocol.endFlags,
    protocol.writeEnd({ error, metadata: Metadata.empty }, undefined),
  );
  const body = protocol.isText ? toBase64(end) : (end as Uint8Array<ArrayBuffer>);
  return new Response(body, { headers: { 'content-type': contentType } });
}
