import { RpcError } from '../../../rpc-error.ts';
import { openBrackets } from '../language/tokens.ts';

/** The longest input, in UTF-16 units. */
const maxInputLength = 16 * 1024 * 1024;

/** Makes inputs of lines: one goes on while brackets are open. */
export class InputSplitter {
  #lines: string[] = [];
  #length = 0;
  /** Brackets that are open. */
  #depth = 0;

  /**
   * The input that this line ends; undefined while it goes on, and for lines that say nothing.
   * @throws RpcError resource_exhausted for one that is too long.
   */
  push(line: string): string | undefined {
    if (this.#lines.length === 0 && /^\s*(?:#|$)/.test(line)) return undefined;
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length > maxInputLength) {
      this.#begin();
      throw new RpcError('resource_exhausted', 'an input may be 16 MiB long');
    }
    this.#depth += openBrackets(line);
    return this.#depth > 0 ? undefined : this.end();
  }

  /** What is there, though its brackets are open. */
  end(): string | undefined {
    if (this.#lines.length === 0) return undefined;
    const input = this.#lines.join('\n');
    this.#begin();
    return input;
  }

  #begin(): void {
    this.#lines = [];
    this.#length = 0;
    this.#depth = 0;
  }
}
