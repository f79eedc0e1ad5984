import type { CompletionRequest, RelatedText, RelatedTexts } from '@zeke/assistant/completion';
import type { Logger } from '@zeke/foundation';

/** Related texts from a source that takes its time to open: until it is there, there are none. */
export class LaterTexts implements RelatedTexts {
  readonly #open: () => Promise<RelatedTexts>;
  readonly #log: Logger;
  #opening: Promise<void> | undefined;
  #opened: RelatedTexts | undefined;

  constructor(open: () => Promise<RelatedTexts>, log: Logger) {
    this.#open = open;
    this.#log = log;
  }

  async related(request: CompletionRequest, signal: AbortSignal): Promise<readonly RelatedText[]> {
    this.#opening ??= this.#begin();
    return (await this.#opened?.related(request, signal)) ?? [];
  }

  /** What cannot be opened is tried again with the next request. */
  async #begin(): Promise<void> {
    try {
      this.#opened = await this.#open();
    } catch (err) {
      this.#opening = undefined;
      this.#log.warn('definitions cannot be looked up for completions', { err });
    }
  }
}
