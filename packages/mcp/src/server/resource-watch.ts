import { mcpError } from '../mcp-error.ts';
import type { McpCaller, ServedResources } from './served.ts';

/** Resources that one connection may watch. */
const maxWatchedResources = 1_000;

/** The resources that a connection watches; changes are told until it is disposed of. */
export class ResourceWatch implements Disposable {
  readonly #resources: ServedResources | undefined;
  readonly #caller: McpCaller;
  readonly #changed: (uri: string) => void;
  readonly #watched = new Map<string, Promise<() => void>>();
  #isOver = false;

  constructor(
    resources: ServedResources | undefined,
    caller: McpCaller,
    changed: (uri: string) => void,
  ) {
    this.#resources = resources;
    this.#caller = caller;
    this.#changed = changed;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Throws what the resources do for one that can't be watched, and `overloaded` for one too many. */
  async add(uri: string): Promise<void> {
    if (this.#isOver || this.#watched.has(uri) || !this.#resources?.subscribe) return;
    if (this.#watched.size >= maxWatchedResources) {
      throw mcpError(
        'overloaded',
        `this connection watches ${maxWatchedResources} resources already: unsubscribe from some`,
      );
    }
    const begun = this.#resources.subscribe(uri, this.#caller, () => this.#changed(uri));
    this.#watched.set(uri, begun);
    try {
      await begun;
    } catch (error) {
      this.#watched.delete(uri);
      throw error;
    }
  }

  remove(uri: string): void {
    const watched = this.#watched.get(uri);
    this.#watched.delete(uri);
    watched?.then(
      (stop) => stop(),
      () => undefined,
    );
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const uri of [...this.#watched.keys()]) this.remove(uri);
  }
}
