import type { FileRegistry } from '@bufbuild/protobuf';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import type { Transport } from '../../core/call.ts';
import { isRefused } from '../../core/refused.ts';
import { RpcError } from '../../rpc-error.ts';
import {
  type Reflected,
  type ReflectOptions,
  reflect,
} from '../../services/reflection/reflection-client.ts';
import { type Described, type Schema, typesOf } from './schema.ts';

/** How long a server may take to tell of itself, where nothing else is said. */
const defaultTimeoutMs = 10_000;

export interface ReflectedSchemaOptions extends Pick<ReflectOptions, 'metadata' | 'signal'> {
  /** Of the server, for messages. */
  readonly name: string;
  readonly timeoutMs?: number | undefined;
}

/** The schema that a server tells of itself, asked for as it is needed. */
export class ReflectedSchema implements Schema {
  readonly origin: string;
  readonly registries: FileRegistry[] = [];
  readonly types: TypeRegistry = typesOf(this.registries);
  readonly #transport: Transport;
  readonly #options: ReflectedSchemaOptions;
  readonly #unknown = new Set<string>();
  #services: readonly string[] | undefined;

  constructor(transport: Transport, options: ReflectedSchemaOptions) {
    this.#transport = transport;
    this.#options = options;
    this.origin = `the reflection of ${options.name}`;
  }

  async services(): Promise<readonly string[]> {
    if (this.#services === undefined) await this.#reflect([]);
    return this.#services ?? [];
  }

  async lookUp(name: string): Promise<Described | undefined> {
    const loaded = this.#loaded(name);
    if (loaded !== undefined || this.#unknown.has(name)) return loaded;
    try {
      const { registry } = await this.#reflect([name]);
      this.registries.push(registry);
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== 'not_found') throw error;
      this.#unknown.add(name);
    }
    return this.#loaded(name);
  }

  #loaded(name: string): Described | undefined {
    for (const registry of this.registries) {
      const found = registry.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #reflect(symbols: readonly string[]): Promise<Reflected> {
    const { name, timeoutMs = defaultTimeoutMs, metadata, signal } = this.#options;
    try {
      const reflected = await reflect(this.#transport, {
        symbols,
        timeoutMs,
        ...(metadata === undefined ? {} : { metadata }),
        ...(signal === undefined ? {} : { signal }),
      });
      this.#services = reflected.services.toSorted();
      return reflected;
    } catch (error) {
      // A call that never left says nothing of the server.
      if (!(error instanceof RpcError) || isRefused(error)) throw error;
      const message = reasonOf(error, name, timeoutMs);
      throw message === undefined ? error : new RpcError(error.code, message, { cause: error });
    }
  }
}

/** In words for somebody who did not ask for reflection. */
function reasonOf({ code }: RpcError, name: string, timeoutMs: number): string | undefined {
  switch (code) {
    case 'unimplemented':
      return `${name} has no reflection: say what it serves with --proto or --descriptor-set`;
    case 'deadline_exceeded':
      return `${name} did not tell within ${timeoutMs} ms what it serves`;
    default:
      return undefined;
  }
}
