import { toBase64 } from '../../../codec/base64.ts';
import type { TypeRegistry } from '../../../codec/type-registry.ts';
import { type ClientSink, type OpenOptions, okTrailer } from '../../../core/call.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { RpcError } from '../../../rpc-error.ts';
import { connectErrorFromJson } from '../wire/connect-error.ts';
import { contentTypeOf } from '../wire/content-type.ts';
import { readUnaryMetadata } from '../wire/headers.ts';
import { codeOfHttpStatus } from '../wire/http-status.ts';
import { writeConnectTimeout } from '../wire/timeouts.ts';
import type { ClientSettings } from './client-settings.ts';
import { statusFailure } from './fetch-failure.ts';
import { HttpClientCall } from './http-client-call.ts';
import { readResponseBody } from './response-body.ts';

/** Longer URLs are refused by some servers and proxies: then the call goes by POST. */
const maxUrlLength = 8_000;

const fromUtf8 = new TextDecoder();

/** A unary call of the Connect protocol: https://connectrpc.com/docs/protocol#unary-request. */
export class UnaryClientCall extends HttpClientCall {
  #request: Uint8Array | undefined;
  #compress: boolean | undefined;
  readonly #contentType: string;

  constructor(
    settings: ClientSettings,
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
  ) {
    super(settings, method, options, sink);
    this.#contentType = contentTypeOf('connect', settings.format);
  }

  protected override send(wire: Uint8Array, compress: boolean | undefined): boolean {
    if (this.#request !== undefined) {
      throw new RpcError('internal', `${this.method.path} takes one message, not several`);
    }
    this.#request = wire.slice();
    this.#compress = compress;
    return true;
  }

  protected override endRequest(): void {
    const message = this.#request;
    if (message === undefined) {
      this.cancel(new RpcError('internal', `${this.method.path} needs a message`));
      return;
    }
    const url = this.#urlOfGet(message);
    const isGet = url !== undefined;
    void this.run(
      url ?? this.url,
      isGet ? { method: 'GET', headers: this.#headers(undefined) } : this.#post(message),
      (response) => this.#receive(response),
    );
  }

  #post(message: Uint8Array): RequestInit {
    const headers = this.#headers(this.#contentType);
    headers.set('connect-protocol-version', '1');
    const packed = this.compressed(message, this.#compress);
    if (packed !== undefined) headers.set('content-encoding', this.compressor?.name ?? '');
    return { method: 'POST', headers, body: (packed ?? message) as Uint8Array<ArrayBuffer> };
  }

  #headers(contentType: string | undefined): Headers {
    const headers = this.requestHeaders(contentType);
    // Browsers ignore this; elsewhere fetch would ask for compression that nobody wants.
    headers.set('accept-encoding', this.options.compression ?? 'identity');
    const timeout = writeConnectTimeout(this.leftMs);
    if (timeout !== undefined) headers.set('connect-timeout-ms', timeout);
    return headers;
  }

  /** The URL of a GET, where the call may go by one: https://connectrpc.com/docs/protocol#unary-get-request. */
  #urlOfGet(message: Uint8Array): string | undefined {
    const { useGet, format } = this.settings;
    if (!useGet || this.method.idempotency !== 'no-side-effects') return undefined;
    const query =
      format === 'json'
        ? `encoding=json&message=${encodeURIComponent(fromUtf8.decode(message))}`
        : `base64=1&encoding=proto&message=${urlSafe(toBase64(message))}`;
    const url = `${this.url}?connect=v1&${query}`;
    return url.length > maxUrlLength ? undefined : url;
  }

  async #receive(response: Response): Promise<void> {
    const { limits } = this.settings;
    if (response.status !== 200) {
      await this.#receiveError(response);
      return;
    }
    if (!this.hasContentType(response, this.#contentType)) {
      this.cancel(statusFailure(response));
      return;
    }
    const { header, trailer } = readUnaryMetadata(response.headers, limits.maxMetadataBytes);
    const body = await readResponseBody(response, limits.maxMessageBytes, this.url);
    const message = this.readMessage(body);
    if (this.isPaused) await this.resumed();
    if (this.isOver) return;
    this.sink.onHeader(header);
    if (this.isOver) return;
    // The runtime has undone what this names.
    this.sink.onMessage(message, response.headers.has('content-encoding'));
    if (this.isPaused) await this.resumed();
    this.end(trailer.size === 0 ? okTrailer : { error: undefined, metadata: trailer });
  }

  async #receiveError(response: Response): Promise<void> {
    const { limits } = this.settings;
    if (!this.hasContentType(response, 'application/json')) {
      this.cancel(statusFailure(response));
      return;
    }
    const { header, trailer } = readUnaryMetadata(response.headers, limits.maxMetadataBytes);
    const body = await readResponseBody(response, limits.maxMessageBytes, this.url);
    const error = errorOfBody(response, body, this.settings.registry);
    if (this.isOver) return;
    if (header.size > 0) this.sink.onHeader(header);
    this.end({ error, metadata: trailer });
  }
}

function errorOfBody(
  response: Response,
  body: Uint8Array,
  registry: TypeRegistry | undefined,
): RpcError {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8.decode(body));
  } catch {
    return statusFailure(response);
  }
  const fallback = codeOfHttpStatus(response.status);
  return connectErrorFromJson(json, fallback, `HTTP status ${response.status}`, registry);
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
