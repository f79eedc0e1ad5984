import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readBoundedFile } from '@zeke/foundation';
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
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(this.path);
      const stamp = [ino, size, mtimeMs, ctimeMs].join();
      if (stamp === this.#stamp) return this.#loaded;
      const bytes = await readBoundedFile(this.path, maxRulesFileBytes);
      const hash = createHash('sha256').update(bytes).digest('hex');
      this.#loaded = { ...readRulesFile(bytes.toString(), this.#shown), hash };
      this.#stamp = stamp;
      return this.#loaded;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        this.#stamp = '';
        this.#loaded = none;
        return none;
      }
      throw error instanceof RpcError ? error : this.#unreadable(code ?? message);
    }
  }

  #unreadable(why: string): RpcError {
    return new RpcError('failed_precondition', `${this.#shown} cannot be read: ${why}`);
  }
}
