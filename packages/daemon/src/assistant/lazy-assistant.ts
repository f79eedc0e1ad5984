import type { RelatedTexts } from '@zeke/assistant/completion';
import type { AssistantParts } from './assistant-parts.ts';
import { Lazy } from './lazy.ts';
import type { AssistantOptions } from './open-assistant.ts';
import type { CompletionParts } from './open-completion.ts';

/**
 * The assistant, put together when it is asked for first: a gateway that nobody codes with has none, and
 * an editor that completes has none of the agent.
 */
export class LazyAssistant implements AsyncDisposable {
  readonly #completion: Lazy<CompletionParts>;
  readonly #parts: Lazy<AssistantParts>;

  constructor(options: AssistantOptions) {
    this.#completion = new Lazy(async () => {
      const { openCompletion } = await import('./open-completion.ts');
      return openCompletion({ ...options, definitions: () => this.#definitions(options) });
    });
    this.#parts = new Lazy(async () => {
      const { openAssistant } = await import('./open-assistant.ts');
      const { indexes } = await this.#completion.get();
      return await openAssistant({ ...options, indexes });
    });
  }

  /** What works now; nothing before it was asked for. */
  get activity(): { readonly projects: readonly string[]; readonly runs: number } {
    const { indexes, local } = this.#completion.opened ?? {};
    const roots = new Set([...(local?.roots ?? []), ...(indexes?.roots ?? [])]);
    return {
      projects: [...roots].toSorted(),
      runs: this.#parts.opened?.runs.active ?? 0,
    };
  }

  /** Throws what `openAssistant` throws; it is tried again then. */
  get(): Promise<AssistantParts> {
    return this.#parts.get();
  }

  /** Only what completes. */
  completion(): Promise<CompletionParts> {
    return this.#completion.get();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
    await this.#completion[Symbol.asyncDispose]();
  }

  /** Language servers are the agent's too. */
  async #definitions({ now }: AssistantOptions): Promise<RelatedTexts> {
    const [{ RelatedDefinitions }, { servers }] = await Promise.all([
      import('@zeke/assistant'),
      this.#parts.get(),
    ]);
    return new RelatedDefinitions({ servers, now });
  }
}
