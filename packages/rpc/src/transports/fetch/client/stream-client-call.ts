import { toBase64 } from '../../../codec/base64.ts';
import type { Compressor } from '../../../compression/compressor.ts';
import type { ClientSink, OpenOptions } from '../../../core/call.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { RpcError } from '../../../rpc-error.ts';
import { Base64Stream } from '../wire/base64-stream.ts';
import { contentTypeOf } from '../wire/content-type.ts';
import { readEncoding } from '../wire/encodings.ts';
import { compressedFlag, EnvelopeReader } from '../wire/envelope-reader.ts';
import { EnvelopeWriter } from '../wire/envelope-writer.ts';
import { readGrpcStatus } from '../wire/grpc-trailer.ts';
import { readMetadata } from '../wire/headers.ts';
import type { ClientStreamProtocol } from './client-protocol.ts';
import type { ClientSettings } from './client-settings.ts';
import { fetchFailure, statusFailure } from './fetch-failure.ts';
import { HttpClientCall } from './http-client-call.ts';

const utf8 = new TextEncoder();
const sizeOf = (chunk?: Uint8Array): number => chunk?.length ?? 0;

/**
 * A call whose messages go in envelopes: a stream of the Connect protocol, or any call of gRPC-Web.
 * Where the client sends one message the request has a body of one piece; else it is a stream.
 */
export class StreamClientCall extends HttpClientCall {
  readonly #protocol: ClientStreamProtocol;
  readonly #contentType: string;
  readonly #unsent = new EnvelopeWriter();
  readonly #isStreaming: boolean;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isFlushQueued = false;
  #wantsRoom = false;
  #isRequestOver = false;
  #hasMessage = false;

  constructor(
    settings: ClientSettings,
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
    protocol: ClientStreamProtocol,
  ) {
    super(settings, method, options, sink);
    this.#protocol = protocol;
    this.#contentType = contentTypeOf(protocol.wire, settings.format);
    this.#isStreaming = method.kind === 'client-stream' || method.kind === 'bidi-stream';
    if (this.#isStreaming) this.#start(this.#body());
  }

  protected override send(wire: Uint8Array, compress: boolean | undefined): boolean {
    if (this.#isRequestOver) return true;
    if (!this.#isStreaming && this.#hasMessage) {
      throw new RpcError('internal', `${this.method.path} takes one message, not several`);
    }
    this.#hasMessage = true;
    const packed = this.compressed(wire, compress);
    if (packed === undefined) this.#unsent.add(0, wire);
    else this.#unsent.add(compressedFlag, packed);
    if (!this.#isStreaming) return true;
    this.#queueFlush();
    const room = this.#room();
    if (room > 0) return true;
    const { streamWindowBytes, maxQueuedBytes } = this.settings.limits;
    if (streamWindowBytes - room > maxQueuedBytes) {
      throw new RpcError(
        'resource_exhausted',
        'more was sent than the peer takes, beyond the limit maxQueuedBytes: wait for onWritable',
      );
    }
    this.#wantsRoom = true;
    return false;
  }

  protected override endRequest(): void {
    if (!this.#isStreaming) {
      this.#start(this.#takeUnsent());
      return;
    }
    this.#flush();
    if (this.#isRequestOver) return;
    this.#isRequestOver = true;
    this.#controller?.close();
  }

  #start(body: Uint8Array | ReadableStream<Uint8Array>): void {
    const headers = this.requestHeaders(this.#contentType);
    const { versionHeader, encodingHeader, acceptEncodingHeader, timeoutHeader } = this.#protocol;
    headers.set(...versionHeader);
    if (this.compressor !== undefined) {
      headers.set(encodingHeader, this.compressor.name);
      headers.set(acceptEncodingHeader, this.compressor.name);
    }
    const timeout = this.#protocol.writeTimeout(this.leftMs);
    if (timeout !== undefined) headers.set(timeoutHeader, timeout);
    // Undeclared in the types: without it a body that is a stream is refused.
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    void this.run(this.url, init, (response) => this.#receive(response));
  }

  #body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#tellRoom(),
        cancel: () => {
          // The server has read enough; its answer says why.
          this.#isRequestOver = true;
        },
      },
      { highWaterMark: this.settings.limits.streamWindowBytes, size: sizeOf },
    );
  }

  #room(): number {
    return (this.#controller?.desiredSize ?? 0) - this.#unsent.length;
  }

  #tellRoom(): void {
    if (!this.#wantsRoom || this.isOver || this.#room() <= 0) return;
    this.#wantsRoom = false;
    this.sink.onWritable();
  }

  #queueFlush(): void {
    if (this.#isFlushQueued) return;
    this.#isFlushQueued = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushQueued = false;
    if (this.isOver || this.#isRequestOver || this.#unsent.length === 0) return;
    this.#controller?.enqueue(this.#takeUnsent());
  }

  #takeUnsent(): Uint8Array {
    const bytes = this.#unsent.take();
    return this.#protocol.wire === 'grpc-web-text' ? utf8.encode(toBase64(bytes)) : bytes;
  }

  async #receive(response: Response): Promise<void> {
    const { limits, compressor } = this.settings;
    const { headers } = response;
    if (!response.ok || !this.hasContentType(response, this.#contentType)) {
      this.cancel(this.#grpcError(headers) ?? statusFailure(response));
      return;
    }
    const { encodingHeader } = this.#protocol;
    const decompressor = readEncoding(encodingHeader, headers.get(encodingHeader), compressor);
    const metadata = readMetadata(headers, limits.maxMetadataBytes);
    const error = this.#grpcError(headers);
    if (error !== undefined) {
      this.end({ error, metadata });
      return;
    }
    if (this.isPaused) await this.resumed();
    if (this.isOver) return;
    this.sink.onHeader(metadata);
    if (response.body !== null) await this.#readEnvelopes(response.body, decompressor);
    if (this.isOver) return;
    throw new RpcError('internal', 'the answer ends without a trailer: the status is unknown');
  }

  /** The error of a gRPC-Web response that is only a header. */
  #grpcError(headers: Headers): RpcError | undefined {
    if (this.#protocol.wire === 'connect-stream') return undefined;
    const error = readGrpcStatus(headers, this.settings.registry);
    return error === 'none' ? undefined : error;
  }

  async #readEnvelopes(
    body: ReadableStream<Uint8Array>,
    decompressor: Compressor | undefined,
  ): Promise<void> {
    const reader = body.getReader();
    const envelopes = new EnvelopeReader(this.settings.limits.maxMessageBytes);
    const text = this.#protocol.wire === 'grpc-web-text' ? new Base64Stream() : undefined;
    for (;;) {
      const result = await reader.read().catch((cause: unknown) => {
        throw fetchFailure(cause, this.url);
      });
      if (result.done) break;
      if (this.isOver) {
        // Nothing may follow the end. A connection whose answer was read whole can be used again.
        this.breakOff();
        break;
      }
      envelopes.push(text === undefined ? result.value : text.decode(result.value));
      while (!this.isOver && envelopes.next()) {
        if (this.isPaused) await this.resumed();
        if (!this.isOver) this.#receiveEnvelope(envelopes, decompressor);
      }
    }
    if (!this.isOver && envelopes.unfinishedBytes > 0) {
      throw new RpcError('internal', 'the answer ends within a message');
    }
  }

  #receiveEnvelope({ flags, payload }: EnvelopeReader, decompressor: Compressor | undefined): void {
    const { limits, registry } = this.settings;
    const { endFlag, readEnd } = this.#protocol;
    if ((flags & ~(compressedFlag | endFlag)) !== 0) {
      throw new RpcError('internal', `the answer has a message with the unknown flags ${flags}`);
    }
    let bytes = payload;
    const isCompressed = (flags & compressedFlag) !== 0;
    if (isCompressed && payload.length > 0) {
      if (decompressor === undefined) {
        throw new RpcError('internal', 'the answer is compressed, and does not say how');
      }
      bytes = decompressor.decompress(payload, limits.maxMessageBytes);
    }
    if ((flags & endFlag) === 0) {
      this.sink.onMessage(this.readMessage(bytes), isCompressed);
      return;
    }
    const trailer = readEnd(bytes, limits.maxMetadataBytes, registry);
    // The server is done, and takes nothing of what a request may still have.
    if (this.#isStreaming && !this.#isRequestOver) this.breakOff();
    this.end(trailer);
  }
}
