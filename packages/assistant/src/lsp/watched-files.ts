import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { extensionOf } from './language-server-spec.ts';

/** Files of a project that are looked at for changes; of larger ones only what is open is. */
const maxWatchedFiles = 20_000;
/** How many are looked at together. */
const batchFiles = 64;

/** As the protocol has them: `FileChangeType`. */
const created = 1;
const changed = 2;
const deleted = 3;

export interface FileChange {
  readonly uri: string;
  readonly type: 1 | 2 | 3;
}

/**
 * Tells which files changed since it was last asked, by whomever: an editor, git, a command. It looks when
 * it is asked and at no other time, so that nothing runs while nobody asks. Folders whose name starts with
 * a dot and those of dependencies and build results are left out.
 */
export class WatchedFiles {
  readonly #root: string;
  readonly #extensions: ReadonlySet<string>;
  #known: ReadonlyMap<string, string> | undefined;

  constructor(root: string, extensions: readonly string[]) {
    this.#root = root;
    this.#extensions = new Set(extensions);
  }

  /** The first time nothing: it only learns what there is. */
  async changes(signal: AbortSignal): Promise<readonly FileChange[]> {
    const before = this.#known;
    const now = await this.#look(signal);
    this.#known = now;
    if (before === undefined) return [];
    const changes: FileChange[] = [];
    const add = (path: string, type: FileChange['type']) => {
      changes.push({ uri: pathToFileURL(path).href, type });
    };
    for (const [path, stamp] of now) {
      const old = before.get(path);
      if (old === undefined) add(path, created);
      else if (old !== stamp) add(path, changed);
    }
    for (const path of before.keys()) if (!now.has(path)) add(path, deleted);
    return changes;
  }

  async #look(signal: AbortSignal): Promise<Map<string, string>> {
    const paths = await this.#paths(signal);
    const stamps = new Map<string, string>();
    for (let at = 0; at < paths.length; at += batchFiles) {
      signal.throwIfAborted();
      const batch = paths.slice(at, at + batchFiles);
      const entries = await Promise.all(batch.map((path) => stat(path).catch(() => undefined)));
      batch.forEach((path, index) => {
        const entry = entries[index];
        if (entry !== undefined) stamps.set(path, `${entry.mtimeMs} ${entry.size} ${entry.ino}`);
      });
    }
    return stamps;
  }

  async #paths(signal: AbortSignal): Promise<string[]> {
    const folders = [this.#root];
    const paths: string[] = [];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      signal.throwIfAborted();
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          if (!entry.name.startsWith('.') && !leftOut.has(entry.name)) folders.push(path);
        } else if (entry.isFile() && this.#isWatched(entry.name)) paths.push(path);
      }
      if (paths.length > maxWatchedFiles) return [];
    }
    return paths;
  }

  #isWatched(name: string): boolean {
    return this.#extensions.has(extensionOf(name)) || projectFiles.has(name);
  }
}

const leftOut: ReadonlySet<string> = new Set([
  ...['node_modules', 'bower_components', 'target', 'dist', 'build', 'out', 'coverage'],
  ...['__pycache__', 'venv', 'site-packages', 'zig-out'],
]);

const projectFiles: ReadonlySet<string> = new Set([
  ...['package.json', 'tsconfig.json', 'jsconfig.json', 'go.mod', 'go.work', 'go.sum'],
  ...['Cargo.toml', 'Cargo.lock', 'pyproject.toml', 'pyrightconfig.json', 'setup.cfg'],
  ...['compile_commands.json', 'compile_flags.txt', 'pom.xml', 'build.gradle', 'Gemfile'],
]);
