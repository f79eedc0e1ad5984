import { LocalCompleter } from './local-completer.ts';
import { listProjectFiles } from './project-files.ts';
import { ProjectWatch } from './project-watch.ts';

/** Memory of all projects together, unless said otherwise. */
const defaultMaxBytes = 192 * 1_048_576;

/** Projects that are open together. */
const maxOpenProjects = 64;

export interface LocalCompletersOptions {
  /** Of the programs that list files: the `PATH` leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes of memory for all projects together. */
  readonly maxBytes?: number;
}

/**
 * One completer for each project, within one budget of memory. Where it is short, those that were not used for
 * longest live on a fourth of theirs, and get it back when they are asked; where that is not enough, they are
 * given up, and read again when they are asked for (a second for a million tokens).
 */
export class LocalCompleters {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #maxBytes: number;
  /** By root; the one used last stands last. */
  readonly #open = new Map<string, LocalCompleter>();
  readonly #watches = new WeakMap<LocalCompleter, ProjectWatch>();
  readonly #closing = new Set<Promise<void>>();

  readonly #stopping = new AbortController();

  constructor({ environment, maxBytes = defaultMaxBytes }: LocalCompletersOptions) {
    this.#environment = environment;
    this.#maxBytes = maxBytes;
  }

  /** Memory held by all, about. */
  get bytes(): number {
    return [...this.#open.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Roots of the projects that are open, the one used last at the end. */
  get roots(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** The completer of the project at a path, absolute and resolved; opened where it is not. Do not keep it. */
  of(root: string): LocalCompleter {
    const completer = this.#open.get(root) ?? this.#start(root);
    this.#open.delete(root);
    this.#open.set(root, completer);
    if (!completer.isFull) {
      const filling = completer.fill().then(() => this.#keepWithin());
      // Given up meanwhile.
      filling.catch(() => {});
    }
    return completer;
  }

  /** The completer of a project that is open: for what tells of changes, which opens none. */
  peek(root: string): LocalCompleter | undefined {
    return this.#open.get(root);
  }

  /** Gives a project's memory back. */
  async close(root: string): Promise<void> {
    this.#giveUp(root);
    await Promise.all(this.#closing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const root of this.roots) this.#giveUp(root);
    await Promise.all(this.#closing);
  }

  #start(root: string): LocalCompleter {
    const completer = LocalCompleter.open({ root, environment: this.#environment });
    this.#open.set(root, completer);
    this.#keepWithin();
    completer
      .ready()
      .then(() => {
        this.#keepWithin();
        return this.#follow(completer);
      })
      // Given up before it was read, or not readable: it goes on with what it has.
      .catch(() => {});
    return completer;
  }

  /** Changes of its files are learned from now on. */
  async #follow(completer: LocalCompleter): Promise<void> {
    const { root } = completer;
    const { paths } = await listProjectFiles(root, this.#environment, this.#stopping.signal);
    if (this.#open.get(root) !== completer) return;
    const watch = new ProjectWatch({
      root,
      paths,
      onChanged: (path) => completer.update(path),
      onGone: (path) => completer.remove(path),
    });
    this.#watches.set(completer, watch);
  }

  /** The last one is in use, and stays whatever it takes. */
  #keepWithin(): void {
    for (const completer of [...this.#open.values()].slice(0, -1)) {
      if (this.bytes > this.#maxBytes && completer.isFull) completer.thin();
    }
    while (
      this.#open.size > 1 &&
      (this.bytes > this.#maxBytes || this.#open.size > maxOpenProjects)
    ) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#giveUp(oldest);
    }
  }

  #giveUp(root: string): void {
    const completer = this.#open.get(root);
    this.#open.delete(root);
    if (completer === undefined) return;
    this.#watches.get(completer)?.[Symbol.dispose]();
    const closing = completer[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
