import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import { maxRulesFileBytes, type RulesFile, readRulesFile } from './rules-file.ts';

export interface LoadedRules extends RulesFile {
  /** SHA-256 of the file, in hexadecimal; undefined where there is none. */
  readonly hash?: string;
}

const none: LoadedRules = { rules: [], sandbox: {} };

/** A file of rules that is read again when it changed, so that what a user writes there is in force at once. */
export class RulesSource {
  readonly path: string;
  readonly #shown: string;
  #stamp = '';
  #loaded: LoadedRules = none;

  /** `shown` is the file's name in messages. */
  constructor(path: string, shown: string) {
    this.path = path;
    this.#shown = shown;
  }

  /** Throws `failed_precondition` with every fault of the file and its line. */
  async load(): Promise<LoadedRules> {
    const file = await open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw this.#unreadable(error.code ?? error.message);
    });
    if (file === undefined) {
      this.#stamp = '';
      this.#loaded = none;
      return none;
    }
    try {
      const { ino, size, mtimeMs, ctimeMs } = await file.stat();
      const stamp = [ino, size, mtimeMs, ctimeMs].join();
      if (stamp === this.#stamp) return this.#loaded;
      if (size > maxRulesFileBytes) throw this.#unreadable(`over ${maxRulesFileBytes} bytes`);
      const bytes = await file.readFile();
      const hash = createHash('sha256').update(bytes).digest('hex');
      this.#loaded = { ...readRulesFile(bytes.toString(), this.#shown), hash };
      this.#stamp = stamp;
      return this.#loaded;
    } finally {
      await file.close();
    }
  }

  #unreadable(why: string): RpcError {
    return new RpcError('failed_precondition', `${this.#shown} cannot be read: ${why}`);
  }
}
