import { type Compressor, compressionThresholdBytes } from '../../../compression/compressor.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { monotonicNow } from '../../../core/timer-wheel.ts';
import { RpcError } from '../../../rpc-error.ts';
import { writeMetadata } from '../wire/headers.ts';
import { binaryToJson, jsonToBinary } from '../wire/json-messages.ts';
import type { ClientSettings } from './client-settings.ts';
import { fetchFailure } from './fetch-failure.ts';

/** What the calls of all protocols over `fetch` have in common: the request, pauses, the end. */
export abstract class HttpClientCall implements ClientCall {
  protected readonly settings: ClientSettings;
  protected readonly method: MethodInfo;
  protected readonly options: OpenOptions;
  protected readonly sink: ClientSink;
  /** For what is sent; undefined for none. */
  protected readonly compressor: Compressor | undefined;
  protected isOver = false;
  protected isPaused = false;
  readonly #abort = new AbortController();
  #resume: (() => void) | undefined;
  #hasSentEnd = false;

  constructor(
    settings: ClientSettings,
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
  ) {
    this.settings = settings;
    this.method = method;
    this.options = options;
    this.sink = sink;
    const { compression = 'identity' } = options;
    this.compressor = compression === 'identity' ? undefined : settings.compressor(compression);
  }

  /** Sends a message as it goes over the wire; the bytes are lent. */
  protected abstract send(wire: Uint8Array, compress: boolean | undefined): boolean;
  protected abstract endRequest(): void;

  get url(): string {
    return this.settings.baseUrl + this.method.path;
  }

  sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.isOver || this.#hasSentEnd) return true;
    try {
      return this.send(this.#writeMessage(bytes), compress);
    } catch (error) {
      this.cancel(RpcError.from(error));
      return true;
    }
  }

  sendEnd(): void {
    if (this.isOver || this.#hasSentEnd) return;
    this.#hasSentEnd = true;
    this.endRequest();
  }

  cancel(error: RpcError): void {
    if (this.isOver) return;
    this.breakOff();
    this.end({ error, metadata: Metadata.empty });
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** Stops request and response, which costs an HTTP/1.1 connection. */
  protected breakOff(): void {
    this.#abort.abort();
  }

  /** The call is over; the sink learns how. */
  protected end(trailer: Trailer): void {
    if (this.isOver) return;
    this.isOver = true;
    this.settings.onCallEnd(this);
    this.resume();
    this.sink.onEnd(trailer);
  }

  /** Resolves with `resume`, or the call's end. */
  protected async resumed(): Promise<void> {
    while (this.isPaused && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
  }

  /** Makes the request, and ends the call with whatever goes wrong until `receive` has resolved. */
  protected async run(
    url: string,
    init: RequestInit,
    receive: (response: Response) => Promise<void>,
  ): Promise<void> {
    try {
      const response = await this.#fetch(url, init);
      if (this.isOver) return;
      await receive(response);
    } catch (error) {
      this.cancel(answerFault(RpcError.from(error)));
    }
  }

  /** The headers of the request, with the metadata. */
  protected requestHeaders(contentType: string | undefined): Headers {
    const headers = new Headers();
    if (contentType !== undefined) headers.set('content-type', contentType);
    writeMetadata(this.options.metadata, headers);
    return headers;
  }

  /** How long the call may still take, in milliseconds. */
  protected get leftMs(): number {
    return this.options.deadlineAt - monotonicNow();
  }

  /** A message of the response, as the sink takes it. */
  protected readMessage(wire: Uint8Array): Uint8Array {
    if (this.settings.format === 'binary') return wire;
    return jsonToBinary(this.method.output, wire, this.settings.registry);
  }

  /** Compressed where that is wanted; `compress` undefined: where it is worth it. */
  protected compressed(wire: Uint8Array, compress: boolean | undefined): Uint8Array | undefined {
    const isWanted = compress ?? wire.length >= compressionThresholdBytes;
    return isWanted ? this.compressor?.compress(wire) : undefined;
  }

  /** Whether the response is of this content type, with whatever parameters. */
  protected hasContentType(response: Response, expected: string): boolean {
    const type = response.headers.get('content-type')?.toLowerCase() ?? '';
    return type === expected || type.split(';', 1)[0]?.trim() === expected;
  }

  #writeMessage(bytes: Uint8Array): Uint8Array {
    const { format, limits, registry } = this.settings;
    const { maxMessageBytes } = limits;
    if (bytes.length > maxMessageBytes) {
      throw new RpcError(
        'resource_exhausted',
        `a message of ${bytes.length} bytes: at most ${maxMessageBytes} bytes are sent (maxMessageBytes)`,
      );
    }
    return format === 'binary' ? bytes : binaryToJson(this.method.input, bytes, registry);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.settings.fetch(url, {
        ...this.settings.init,
        ...init,
        redirect: 'error',
        signal: this.#abort.signal,
      });
    } catch (cause) {
      throw fetchFailure(cause, url);
    }
  }
}

/** What cannot be read in an answer is the server's fault, and not that of its caller. */
function answerFault(error: RpcError): RpcError {
  if (error.code !== 'invalid_argument' && error.code !== 'unimplemented') return error;
  return new RpcError('internal', `the answer cannot be read: ${error.message}`, { cause: error });
}
