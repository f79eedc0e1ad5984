import { CodeIndex, type CodeIndexOptions } from './code-index.ts';
import { ParserThreads } from './parser-threads.ts';

export interface CodeIndexesOptions extends Omit<CodeIndexOptions, 'root' | 'parser'> {
  /** That parse files, at most. Default 1. */
  readonly threads?: number;
}

/** Open at once; beyond them the one asked for longest ago is closed. */
const maxOpen = 32;

/** The indexes of all projects that are worked on, and the threads that they share. */
export class CodeIndexes implements AsyncDisposable {
  readonly #options: CodeIndexesOptions;
  readonly #parser: ParserThreads;
  readonly #open = new Map<string, CodeIndex>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: CodeIndexesOptions) {
    this.#options = options;
    this.#parser = new ParserThreads(options.threads ?? 1);
  }

  /** Projects that have an index, by their roots. */
  get roots(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** The index of a project by its root (absolute, links resolved). It begins to be built; do not close it. */
  of(root: string): CodeIndex {
    const index = this.#open.get(root) ?? this.#start(root);
    this.#open.delete(root);
    this.#open.set(root, index);
    for (const [oldest, other] of this.#open) {
      if (this.#open.size <= maxOpen) break;
      this.#open.delete(oldest);
      const closing = other[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    return index;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#open.values()].map((index) => index[Symbol.asyncDispose]());
    await Promise.all([...open, ...this.#closing]);
    await this.#parser[Symbol.asyncDispose]();
  }

  #start(root: string): CodeIndex {
    const index = new CodeIndex({ ...this.#options, root, parser: this.#parser });
    // Who waits for it is told; who only asks finds nothing, and asks again with `refresh`.
    index.build().catch(() => {});
    return index;
  }
}
