import { RpcError } from '@zeke/rpc';
import type { ModelClient, ModelInfo } from '../model/model-client.ts';
import type { AnswerPiece } from './answer-stream.ts';
import { chatRequest, fillRequest, type PromptOptions } from './completion-prompt.ts';

/** How long what models can is believed. */
const knownMs = 10 * 60_000;

const listMs = 5_000;

/** Asks models for completions: to fill in the middle where they can, else in words. */
export class ModelAsker {
  readonly #client: ModelClient;
  readonly #now: () => number;
  #models: { readonly at: number; readonly list: Promise<readonly ModelInfo[]> } | undefined;
  /** Models that were said to fill and do not. */
  readonly #unable = new Set<string>();

  constructor(client: ModelClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** Throws as `ModelClient` does. */
  async *ask(
    options: Omit<PromptOptions, 'contextWindow'>,
    signal: AbortSignal,
  ): AsyncGenerator<AnswerPiece> {
    const { model } = options;
    const info = (await this.#list()).find(({ id }) => id === model);
    const { contextWindow } = info ?? {};
    const prompt = { ...options, ...(contextWindow !== undefined && { contextWindow }) };
    if (info?.canFill === true && !this.#unable.has(model)) {
      try {
        yield* this.#fill(prompt, signal);
        return;
      } catch (reason) {
        if (!(reason instanceof RpcError) || reason.code !== 'unimplemented') throw reason;
        this.#unable.add(model);
      }
    }
    for await (const event of this.#client.generate(chatRequest(prompt), signal)) {
      if (event.type === 'text') yield { text: event.text, isChat: true };
      else if (event.type === 'finish' && event.model !== undefined) {
        yield { text: '', isChat: true, model: event.model };
      }
    }
  }

  async *#fill(prompt: PromptOptions, signal: AbortSignal): AsyncGenerator<AnswerPiece> {
    for await (const event of this.#client.fill(fillRequest(prompt), signal)) {
      if (event.type === 'text') yield { text: event.text, isChat: false };
      else if (event.model !== undefined) yield { text: '', isChat: false, model: event.model };
    }
  }

  /** Of all who ask, so that none of them takes it from the others by leaving. */
  async #list(): Promise<readonly ModelInfo[]> {
    const known = this.#models;
    if (known !== undefined && known.at + knownMs > this.#now()) return await known.list;
    const list = this.#client.models(AbortSignal.timeout(listMs));
    this.#models = { at: this.#now(), list };
    list.catch(() => {
      if (this.#models?.list === list) this.#models = undefined;
    });
    return await list;
  }
}
