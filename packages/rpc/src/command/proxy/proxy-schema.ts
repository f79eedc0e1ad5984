import { FieldTable } from '../../codec/field-table.ts';
import { tableMessageType } from '../../codec/table-type.ts';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import type { MethodInfo } from '../../core/method.ts';
import { methodInfoOf } from '../schema/find-symbol.ts';
import type { Schema } from '../schema/schema.ts';

/** Between two tries to learn the schema, in milliseconds. */
const retryAfterMs = 10_000;

/**
 * What the proxy knows of the methods that it passes on. It needs to know nothing; what it knows makes
 * JSON of what it records, and lets clients and servers speak Connect.
 */
export class ProxySchema {
  readonly types: TypeRegistry;
  readonly #schema: Schema;
  readonly #methods = new Map<string, MethodInfo>();
  readonly #now: () => number;
  #loading: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(schema: Schema, now: () => number = () => performance.now()) {
    this.#schema = schema;
    this.types = schema.types;
    this.#now = now;
  }

  /** The methods that are known. */
  get size(): number {
    return this.#methods.size;
  }

  /** The method of a path, as far as is known now; an unknown one is asked for in the background. */
  method(path: string): MethodInfo | undefined {
    const known = this.#methods.get(path);
    if (known === undefined) this.load().catch(() => {});
    return known;
  }

  /** The method of a path, or what passes for one whose messages are bytes only. */
  anyMethod(path: string): MethodInfo {
    return this.method(path) ?? unknownMethod(path);
  }

  /** The method of a path, when all that can be known is known. */
  async find(path: string): Promise<MethodInfo | undefined> {
    await this.load().catch(() => {});
    return this.#methods.get(path);
  }

  /**
   * Learns all methods, unless that was tried a moment ago.
   * @throws RpcError of the server that does not tell.
   */
  load(): Promise<void> {
    if (this.#now() - this.#triedAt < retryAfterMs) return this.#loading ?? Promise.resolve();
    this.#triedAt = this.#now();
    this.#loading = this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    for (const name of await this.#schema.services()) {
      const service = await this.#schema.lookUp(name);
      if (service?.kind !== 'service') continue;
      for (const method of service.methods) {
        const info = methodInfoOf(method);
        this.#methods.set(info.path, info);
      }
    }
  }
}

/** A type without fields keeps all bytes as unknown. */
const unknownType = tableMessageType(new FieldTable('unknown', () => []));

/** Whatever it is, it may be a stream both ways. */
function unknownMethod(path: string): MethodInfo {
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    kind: 'bidi-stream',
    idempotency: 'unknown',
    input: unknownType,
    output: unknownType,
  };
}
