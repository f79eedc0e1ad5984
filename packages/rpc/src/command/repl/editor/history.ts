import { appendFile, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface HistoryOptions {
  /** Absent: the history ends with the process. */
  readonly path?: string | undefined;
  /** What of an input may be kept in the file; undefined for nothing. */
  readonly keep?: (input: string) => string | undefined;
}

/** Inputs that are kept, in memory and in the file. */
const maxInputs = 5_000;
/** A longer input is not kept. */
const maxInputLength = 64 * 1024;

/**
 * What was typed before, the newest last. The file has one JSON string a line, as inputs may have
 * several lines; its owner alone may read it. A file that cannot be used is no reason to stop.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #inputs: string[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(options: HistoryOptions = {}) {
    this.#options = options;
  }

  get inputs(): readonly string[] {
    return this.#inputs;
  }

  /** Reads the file, and shortens one that has grown to more than twice what is kept. */
  async load(): Promise<void> {
    const { path } = this.#options;
    if (path === undefined) return;
    const text = await readFile(path, 'utf8').catch(() => '');
    const all = text.split('\n').flatMap(inputOf);
    this.#inputs.push(...all.slice(-maxInputs));
    if (all.length <= 2 * maxInputs) return;
    const lines = this.#inputs.map((input) => `${JSON.stringify(input)}\n`).join('');
    const shortened = `${path}.new`;
    await writeFile(shortened, lines, { mode: 0o600 })
      .then(() => rename(shortened, path))
      .catch(() => {});
  }

  /** Adds an input, unless it is the last one again. */
  add(input: string): void {
    if (input.trim() === '' || input === this.#inputs.at(-1) || input.length > maxInputLength) {
      return;
    }
    this.#inputs.push(input);
    if (this.#inputs.length > maxInputs) this.#inputs.shift();
    const { path, keep = (text) => text } = this.#options;
    const kept = keep(input);
    if (path === undefined || kept === undefined) return;
    this.#work = this.#work.then(() => append(path, `${JSON.stringify(kept)}\n`).catch(() => {}));
  }

  /** The newest input before `index` that has the text in it; undefined: none. */
  search(text: string, index: number): number | undefined {
    const folded = text.toLowerCase();
    for (let i = Math.min(index, this.#inputs.length) - 1; i >= 0; i--) {
      if (this.#inputs[i]?.toLowerCase().includes(folded)) return i;
    }
    return undefined;
  }

  /** Resolves when the file has everything. */
  async flush(): Promise<void> {
    await this.#work;
  }
}

function inputOf(line: string): string[] {
  try {
    const input: unknown = JSON.parse(line);
    return typeof input === 'string' ? [input] : [];
  } catch {
    return [];
  }
}

async function append(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await appendFile(path, line, { mode: 0o600 });
  // A file that somebody else made may have been open to others.
  await chmod(path, 0o600);
}
