import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { CompressorLookup } from '../../../compression/compressor.ts';
import { identityOnly } from '../../../compression/identity.ts';
import type {
  ClientCall,
  ClientSink,
  DisposableTransport,
  OpenOptions,
  Transport,
} from '../../../core/call.ts';
import { CallQueue } from '../../../core/call-queue.ts';
import { FailedCall } from '../../../core/failed-call.ts';
import { limitsWith, type RpcLimits } from '../../../core/limits.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { markRefused } from '../../../core/refused.ts';
import { RpcError } from '../../../rpc-error.ts';
import type { WireFormat } from '../wire/content-type.ts';
import { clientStreamProtocol } from './client-protocol.ts';
import type { ClientSettings, FetchFunction, FetchProtocol } from './client-settings.ts';
import { detectRequestStreams, type RequestStreams } from './request-streams.ts';
import { StreamClientCall } from './stream-client-call.ts';
import { UnaryClientCall } from './unary-client-call.ts';

export interface ConnectFetchOptions {
  /** `https://api.example`, or with a path before those of the methods. */
  readonly baseUrl: string;
  /** Default `connect`. */
  readonly protocol?: FetchProtocol;
  /** Default `binary`. */
  readonly format?: WireFormat;
  /** Default: the global one. */
  readonly fetch?: FetchFunction;
  /** Passed to `fetch` with each call: `credentials` in browsers, `tls`, `unix` or `protocol` on Bun. */
  readonly init?: Readonly<Record<string, unknown>>;
  readonly limits?: Partial<RpcLimits>;
  /** The types that JSON may have in a `google.protobuf.Any`, and extensions. Default none. */
  readonly registry?: TypeRegistry;
  /**
   * `compressor` of `@zeke/rpc/compression`, for calls that ask for compression. Default: none, as in
   * browsers.
   */
  readonly compressor?: CompressorLookup;
  /** Unary calls without side effects go by GET, which caches understand. Connect only. Default false. */
  readonly useGet?: boolean;
  /** Default: what is known of the runtime. */
  readonly requestStreams?: RequestStreams;
}

/**
 * A client of the Connect protocol or of gRPC-Web by `fetch`, in browsers and elsewhere. Connections
 * are made and kept by `fetch`. In browsers a client can stream to the server over HTTP/2 or HTTP/3
 * where they support it, and never both ways: such calls are `unimplemented`.
 *
 * Bun sends 256 requests at once, unless `BUN_CONFIG_MAX_HTTP_REQUESTS` says more; the others wait.
 * On Node a call that streams to the server reaches it with its first message.
 *
 *     const greeter = createClient(Greeter, connectFetch({ baseUrl: 'https://api.example' }));
 *
 * @throws TypeError for a `baseUrl` that is none.
 */
export function connectFetch(options: ConnectFetchOptions): DisposableTransport {
  return new FetchTransport(options);
}

class FetchTransport implements DisposableTransport {
  readonly #settings: ClientSettings;
  readonly #open = new Set<object>();
  /** Calls that wait until one of the open ones has ended. */
  readonly #queue: CallQueue;
  /** Opens what has waited. */
  readonly #opener: Transport = {
    open: (method, options, sink) => this.#begin(method, options, sink),
    close: () => Promise.resolve(),
  };
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: ConnectFetchOptions) {
    const { href } = new URL(options.baseUrl);
    this.#settings = {
      baseUrl: href.replace(/\/+$/, ''),
      protocol: options.protocol ?? 'connect',
      format: options.format ?? 'binary',
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      init: options.init ?? {},
      limits: limitsWith(options.limits),
      registry: options.registry,
      compressor: options.compressor ?? identityOnly,
      useGet: options.useGet ?? false,
      requestStreams: options.requestStreams ?? detectRequestStreams(),
      onCallEnd: (call) => this.#ended(call),
    };
    this.#queue = new CallQueue({
      limits: this.#settings.limits,
      waitsFor: `for one of the calls to ${options.baseUrl} to end`,
      onLeft: (error) => {
        this.#resolveClose();
        return error;
      },
    });
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const refusal = this.#refusal(method, options);
    if (refusal !== undefined) return new FailedCall(sink, markRefused(refusal));
    if (this.#open.size < this.#settings.limits.maxStreams) {
      return this.#begin(method, options, sink);
    }
    return this.#queue.hold(method, options, sink);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      this.#resolveClose();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const { protocol } = this.#settings;
    const call =
      protocol === 'connect' && method.kind === 'unary'
        ? new UnaryClientCall(this.#settings, method, options, sink)
        : new StreamClientCall(
            this.#settings,
            method,
            options,
            sink,
            clientStreamProtocol(protocol),
          );
    this.#open.add(call);
    return call;
  }

  #ended(call: object): void {
    this.#open.delete(call);
    while (this.#queue.size > 0 && this.#open.size < this.#settings.limits.maxStreams) {
      this.#queue.beginNext(this.#opener);
    }
    this.#resolveClose();
  }

  #resolveClose(): void {
    if (this.#open.size === 0 && this.#queue.size === 0) this.#onEmpty?.();
  }

  #refusal(method: MethodInfo, options: OpenOptions): RpcError | undefined {
    const { baseUrl, limits } = this.#settings;
    if (this.#isClosed) return new RpcError('unavailable', `the client of ${baseUrl} is closed`);
    if (options.metadata.byteLength > limits.maxMetadataBytes) {
      return new RpcError(
        'resource_exhausted',
        `metadata is larger than ${limits.maxMetadataBytes} bytes, the limit maxMetadataBytes`,
      );
    }
    if (this.#canSend(method)) return undefined;
    return new RpcError(
      'unimplemented',
      `${method.path} is a ${method.kind}, which fetch cannot send here: use WebSocket`,
    );
  }

  #canSend({ kind }: MethodInfo): boolean {
    const { requestStreams } = this.#settings;
    if (kind === 'client-stream') return requestStreams !== 'none';
    return kind !== 'bidi-stream' || requestStreams === 'full-duplex';
  }
}
