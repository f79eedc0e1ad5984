import { RpcError } from '../rpc-error.ts';
import { isReservedName } from './reserved-names.ts';

/** A text, or bytes where the name ends in `-bin`. */
export type MetadataValue = string | Uint8Array;

/** What metadata can be made from: a table of names to one value or several. */
export type MetadataInit =
  | Metadata
  | Readonly<Record<string, MetadataValue | readonly MetadataValue[]>>;

/**
 * The key-value pairs before (header) and after (trailer) the messages of a call. Names are lower
 * case, `[0-9a-z_.-]`; a name that ends in `-bin` carries bytes, every other printable ASCII. A name
 * may come more than once; order is kept. Names that HTTP, gRPC or Connect need for themselves
 * (`reserved-names.ts`) are refused, on every transport; `user-agent` is not sent, since it is the
 * transport's to say.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Custom-Metadata).
 */
export class Metadata implements Iterable<[name: string, value: MetadataValue]> {
  /** Without a pair and shared by all who need none: it refuses changes. */
  static readonly empty: Metadata = new Metadata();

  /** Name, value, name, value, …: one array, so that metadata of two pairs is two allocations. */
  readonly #flat: MetadataValue[] = [];

  /** @throws RpcError invalid_argument for a name or a value that cannot be sent. */
  static from(init: MetadataInit | undefined): Metadata {
    if (init === undefined) return Metadata.empty;
    if (init instanceof Metadata) return init;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(init)) {
      if (typeof value === 'string' || value instanceof Uint8Array) metadata.append(name, value);
      else for (const one of value) metadata.append(name, one);
    }
    return metadata;
  }

  /** The number of pairs. */
  get size(): number {
    return this.#flat.length / 2;
  }

  /** Names and values in bytes plus 32 for each pair, as HTTP/2 counts (RFC 9113, 6.5.2). */
  get byteLength(): number {
    let bytes = 0;
    for (const part of this.#flat) bytes += part.length + 16;
    return bytes;
  }

  /** The first text of this name. */
  get(name: string): string | undefined {
    const value = this.#first(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The first bytes of this name, which ends in `-bin`. */
  getBytes(name: string): Uint8Array | undefined {
    const value = this.#first(name);
    return typeof value === 'string' ? undefined : value;
  }

  /** All values of this name, in order. */
  getAll(name: string): MetadataValue[] {
    const lower = name.toLowerCase();
    const values: MetadataValue[] = [];
    for (let i = 0; i < this.#flat.length; i += 2) {
      if (this.#flat[i] === lower) values.push(this.#flat[i + 1] as MetadataValue);
    }
    return values;
  }

  has(name: string): boolean {
    return this.#first(name) !== undefined;
  }

  /** @throws RpcError invalid_argument for a name or a value that cannot be sent. */
  append(name: string, value: MetadataValue): this {
    const lower = name.toLowerCase();
    if (isReservedName(lower)) throw reserved(lower);
    checkPair(lower, value);
    return this.appendUnchecked(lower, value);
  }

  /**
   * For a transport, with a pair that a peer has sent: one of a reserved name is left out.
   * @throws RpcError invalid_argument for a name or a value that cannot be sent.
   */
  appendReceived(name: string, value: MetadataValue): this {
    if (isReservedName(name)) return this;
    checkPair(name, value);
    return this.appendUnchecked(name, value);
  }

  /** For a transport, with a pair that it has already found to be well formed. */
  appendUnchecked(name: string, value: MetadataValue): this {
    if (this === Metadata.empty) throw new TypeError('Metadata.empty is shared: make your own');
    this.#flat.push(name, value);
    return this;
  }

  /** Replaces all values of this name. */
  set(name: string, value: MetadataValue): this {
    this.delete(name);
    return this.append(name, value);
  }

  delete(name: string): this {
    const lower = name.toLowerCase();
    for (let i = this.#flat.length - 2; i >= 0; i -= 2) {
      if (this.#flat[i] === lower) this.#flat.splice(i, 2);
    }
    return this;
  }

  /** A copy that may be changed. */
  clone(): Metadata {
    const copy = new Metadata();
    for (const part of this.#flat) copy.#flat.push(part);
    return copy;
  }

  *[Symbol.iterator](): Iterator<[name: string, value: MetadataValue]> {
    for (let i = 0; i < this.#flat.length; i += 2) {
      yield [this.#flat[i] as string, this.#flat[i + 1] as MetadataValue];
    }
  }

  #first(name: string): MetadataValue | undefined {
    if (this.#flat.length === 0) return undefined;
    const lower = name.toLowerCase();
    for (let i = 0; i < this.#flat.length; i += 2) {
      if (this.#flat[i] === lower) return this.#flat[i + 1];
    }
    return undefined;
  }
}

function reserved(name: string): RpcError {
  const message = `metadata ${name}: the name belongs to HTTP or gRPC, which would not carry it; choose another`;
  return new RpcError('invalid_argument', message);
}

function checkPair(name: string, value: MetadataValue): void {
  if (!/^[0-9a-z_.-]+$/.test(name)) {
    throw new RpcError(
      'invalid_argument',
      `metadata name ${JSON.stringify(name)}: only letters, digits, "_", "-" and "." can be sent`,
    );
  }
  if (name.endsWith('-bin') !== value instanceof Uint8Array) {
    throw new RpcError(
      'invalid_argument',
      `metadata ${name}: bytes need a name that ends in "-bin", and such a name needs bytes`,
    );
  }
  if (typeof value === 'string' && !/^[\x20-\x7e]*$/.test(value)) {
    throw new RpcError(
      'invalid_argument',
      `metadata ${name}: a text value must be printable ASCII; send bytes as ${name}-bin`,
    );
  }
}
