import type {
  ClientCall,
  ClientSink,
  CompressionName,
  OpenOptions,
  Transport,
} from '../core/call.ts';
import type { MethodInfo } from '../core/method.ts';

export interface CompressOptions {
  /** How messages are compressed: `gzip`. */
  readonly compression?: CompressionName;
  /** Another choice for a method; undefined leaves it at `compression`. */
  readonly compressionOf?: (method: MethodInfo) => CompressionName | undefined;
}

/**
 * Asks for compression of what calls send, where the caller has not chosen (`identity` is a choice
 * too). Transports compress message by message, those from 1 KiB on.
 */
export function compress(options: CompressOptions = {}): (next: Transport) => Transport {
  const { compression = 'gzip', compressionOf } = options;
  return (next) => new CompressTransport(next, compression, compressionOf);
}

class CompressTransport implements Transport {
  readonly #next: Transport;
  readonly #compression: CompressionName;
  readonly #compressionOf: CompressOptions['compressionOf'];

  constructor(
    next: Transport,
    compression: CompressionName,
    compressionOf: CompressOptions['compressionOf'],
  ) {
    this.#next = next;
    this.#compression = compression;
    this.#compressionOf = compressionOf;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    if (options.compression !== undefined) return this.#next.open(method, options, sink);
    const compression = this.#compressionOf?.(method) ?? this.#compression;
    const { metadata, deadlineAt } = options;
    return this.#next.open(method, { metadata, deadlineAt, compression }, sink);
  }

  close(): Promise<void> {
    return this.#next.close();
  }
}
