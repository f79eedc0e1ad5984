import { openProject, type Project } from '@zeke/assistant/completion';

const maxKnown = 256;
/** A folder may become another project's: a repository is made in it. */
const freshMs = 60_000;

/** Projects by the folders that callers name, so that a completion does not look for one each time. */
export class KnownProjects {
  readonly #now: () => number;
  /** The one used last stands last. */
  readonly #known = new Map<string, { readonly project: Project; readonly atMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws what `openProject` throws. */
  async of(folder: string): Promise<Project> {
    const atMs = this.#now();
    const known = this.#known.get(folder);
    this.#known.delete(folder);
    const isFresh = known !== undefined && atMs - known.atMs < freshMs;
    const entry = isFresh ? known : { project: await openProject(folder), atMs };
    this.#known.set(folder, entry);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
    return entry.project;
  }
}
