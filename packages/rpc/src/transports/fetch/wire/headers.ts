import { fromBase64 } from '../../../codec/base64.ts';
import { Metadata } from '../../../core/metadata.ts';
import { isReservedName, userAgentName } from '../../../core/reserved-names.ts';
import { RpcError } from '../../../rpc-error.ts';
import { toUnpaddedBase64 } from './unpadded-base64.ts';

/** Before the names of a unary Connect call's trailer, which goes in the header. */
const trailerPrefix = 'trailer-';

/**
 * The metadata in these headers. What cannot be metadata, such as a value outside of ASCII, is left
 * out.
 *
 * @throws RpcError resource_exhausted above `maxBytes`, invalid_argument for a name in `-bin` whose
 * value is not base64.
 */
export function readMetadata(headers: Headers, maxBytes: number): Metadata {
  const reader = new MetadataReader(maxBytes);
  headers.forEach((value, name) => {
    if (!isReservedName(name)) reader.take(name, value);
  });
  return reader.metadata;
}

/** The same of a unary Connect response, with its trailer apart. */
export function readUnaryMetadata(
  headers: Headers,
  maxBytes: number,
): { readonly header: Metadata; readonly trailer: Metadata } {
  const header = new MetadataReader(maxBytes);
  const trailer = new MetadataReader(maxBytes);
  headers.forEach((value, name) => {
    if (name.startsWith(trailerPrefix)) trailer.take(name.slice(trailerPrefix.length), value);
    else if (!isReservedName(name)) header.take(name, value);
  });
  return { header: header.metadata, trailer: trailer.metadata };
}

/** Appends metadata to the headers; names that are the protocol's own are left out. */
export function writeMetadata(metadata: Metadata, headers: Headers, prefix = ''): void {
  if (metadata.size === 0) return;
  for (const [name, value] of metadata) {
    if (isReservedName(name) || name === userAgentName) continue;
    headers.append(prefix + name, typeof value === 'string' ? value : toUnpaddedBase64(value));
  }
}

/** Appends a unary Connect call's trailer to the headers. */
export function writeUnaryTrailer(metadata: Metadata, headers: Headers): void {
  writeMetadata(metadata, headers, trailerPrefix);
}

/** Collects pairs of names in lower case and values from the wire. */
export class MetadataReader {
  #metadata: Metadata = Metadata.empty;
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get metadata(): Metadata {
    return this.#metadata;
  }

  /** @throws RpcError as `readMetadata` does. */
  take(name: string, value: string): void {
    this.#bytes += name.length + value.length + 32;
    if (this.#bytes > this.#maxBytes) {
      throw new RpcError(
        'resource_exhausted',
        `metadata is larger than ${this.#maxBytes} bytes, the limit maxMetadataBytes`,
      );
    }
    if (!/^[0-9a-z_.-]+$/.test(name)) return;
    if (name.endsWith('-bin')) this.#takeBinary(name, value);
    else if (/^[\x20-\x7e]*$/.test(value)) this.#own().appendUnchecked(name, value);
  }

  /** HTTP joins values of one name by commas, which base64 has not. */
  #takeBinary(name: string, value: string): void {
    for (const part of value.split(',')) {
      const bytes = fromBase64(part.trim());
      if (bytes === undefined) {
        throw new RpcError('invalid_argument', `the value of the header ${name} is not base64`);
      }
      this.#own().appendUnchecked(name, bytes);
    }
  }

  #own(): Metadata {
    if (this.#metadata === Metadata.empty) this.#metadata = new Metadata();
    return this.#metadata;
  }
}
