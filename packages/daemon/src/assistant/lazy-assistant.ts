import type { AssistantParts } from './assistant-parts.ts';
import type { OpenAssistantOptions } from './open-assistant.ts';

/** The assistant, put together when it is asked for first: a gateway that nobody codes with has none. */
export class LazyAssistant implements AsyncDisposable {
  readonly #options: OpenAssistantOptions;
  #opening: Promise<AssistantParts> | undefined;
  #open: AssistantParts | undefined;

  constructor(options: OpenAssistantOptions) {
    this.#options = options;
  }

  /** What there is of it so far; undefined before it was asked for. */
  get opened(): AssistantParts | undefined {
    return this.#open;
  }

  /** Throws what `openAssistant` throws; it is tried again then. */
  get(): Promise<AssistantParts> {
    this.#opening ??= this.#begin().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#open?.[Symbol.asyncDispose]();
  }

  async #begin(): Promise<AssistantParts> {
    const { openAssistant } = await import('./open-assistant.ts');
    this.#open = await openAssistant(this.#options);
    return this.#open;
  }
}
