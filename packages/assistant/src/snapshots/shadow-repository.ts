import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readBoundedFile, withFileLock, writeFileAtomically } from '@zeke/foundation';
import type { Project } from '../project/project.ts';
import { runGit } from './run-git.ts';

export interface ShadowOptions {
  readonly project: Project;
  /** The folder of all shadow repositories, `$ZEKE_HOME/snapshots`. */
  readonly folder: string;
  /** `PATH`, by which git is found. */
  readonly path: string;
}

/** Left out where no `.gitignore` says so: what tools fetch or make again. */
const alwaysIgnored = ['node_modules/', '.venv/', '__pycache__/', '.zeke-*.tmp'];
/** A larger list of ignored files is not followed. */
const maxExcludeBytes = 1024 * 1024;
/** Files are kept to the byte, whatever `.gitattributes` of the project says (gitattributes(5): this file goes first). */
const attributes = '* -text -eol -crlf -filter -ident -working-tree-encoding !diff\n';

/**
 * A bare git repository beside a project, outside of it, whose work tree is the project's folder. The
 * project's own repository is neither read nor written, but for its list of ignored files.
 */
export class ShadowRepository {
  readonly root: string;
  readonly directory: string;
  readonly #path: string;
  #isReady = false;

  constructor({ project, folder, path }: ShadowOptions) {
    this.root = project.root;
    const name = `${basename(project.root) || 'root'}-${Bun.SHA256.hash(project.root, 'hex').slice(0, 16)}`;
    this.directory = join(folder, name);
    this.#path = path;
  }

  /** Runs `work` alone, over all processes, with the repository made. */
  async locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    return withFileLock(join(this.directory, 'zeke.lock'), async () => {
      // Who holds our lock is the only one here: a lock of git's own was left by one that was killed.
      await rm(join(this.directory, 'index.lock'), { force: true });
      if (!this.#isReady) await this.#prepare(signal);
      await this.#ignoreAsProject();
      this.#isReady = true;
      return await work();
    });
  }

  async git(args: readonly string[], signal: AbortSignal, stdin?: Uint8Array): Promise<Buffer> {
    return runGit(args, {
      cwd: this.root,
      environment: {
        PATH: this.#path,
        GIT_DIR: this.directory,
        GIT_WORK_TREE: this.root,
        GIT_LITERAL_PATHSPECS: '1',
      },
      signal,
      ...(stdin !== undefined && { stdin }),
    });
  }

  /** Keeps an object from git's garbage collection, as `git update-ref` does; only under the lock. */
  async keep(reference: string, object: string): Promise<void> {
    const path = join(this.directory, reference);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, `${object}\n`, 0o600);
  }

  /** Another one for each time that the index was written, by any process. */
  async indexStamp(): Promise<string> {
    const stats = await stat(join(this.directory, 'index'), { bigint: true }).catch(
      () => undefined,
    );
    return stats === undefined ? '' : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
  }

  /** As after a crash that left it unreadable; the next listing reads every file again. */
  async dropIndex(): Promise<void> {
    await rm(join(this.directory, 'index'), { force: true });
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const isThere = await stat(join(this.directory, 'HEAD')).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      await runGit(['init', '--quiet', '--bare', '--template=', this.directory], {
        cwd: this.directory,
        environment: { PATH: this.#path },
        signal,
      });
    }
    await mkdir(join(this.directory, 'info'), { recursive: true });
    await writeFile(join(this.directory, 'info/attributes'), attributes);
    await writeFile(join(this.directory, 'project'), `${this.root}\n`);
  }

  async #ignoreAsProject(): Promise<void> {
    const path = join(this.root, '.git/info/exclude');
    const own = await readBoundedFile(path, maxExcludeBytes).catch(() => '');
    const text = `${alwaysIgnored.join('\n')}\n${own}`;
    const file = join(this.directory, 'info/exclude');
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text);
  }
}
