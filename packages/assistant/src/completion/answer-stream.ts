import { RpcError } from '@zeke/rpc';
import { openBrackets } from './brackets.ts';
import { cleanCompletion } from './clean-completion.ts';
import type { CursorPlace } from './cursor.ts';

/** A piece of an answer, and who gives it. */
export interface AnswerPiece {
  readonly text: string;
  readonly isChat: boolean;
  /** `provider/model`, where it is told. */
  readonly model?: string;
}

export interface AnswerStreamOptions {
  readonly prefix: string;
  readonly suffix: string;
  readonly place: CursorPlace;
  /** Who was asked, as `provider/model` or an alias. */
  readonly model: string;
  readonly limitMs: number;
  readonly ask: (signal: AbortSignal) => AsyncIterable<AnswerPiece>;
}

/** Lines of an answer beyond its end after which it is not read on. */
const settledLines = 3;

/**
 * One answer of a model that is under way. It belongs to a document and not to who asked: it goes on when
 * they leave, so that the next key finds it, and ends when it is whole, is stopped, or takes too long.
 */
export class AnswerStream {
  readonly prefix: string;
  readonly suffix: string;
  readonly #options: AnswerStreamOptions;
  readonly #openBrackets: number;
  readonly #abort = new AbortController();
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>;
  #raw = '';
  #cleaned = '';
  #isChat = false;
  #model: string;
  #state: 'running' | 'whole' | 'failed' | 'stopped' = 'running';
  #failure: RpcError | undefined;
  #waiting: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: AnswerStreamOptions) {
    this.prefix = options.prefix;
    this.suffix = options.suffix;
    this.#options = options;
    this.#model = options.model;
    this.#openBrackets = openBrackets(options.prefix, options.suffix);
    this.ended = this.#read();
  }

  get state(): 'running' | 'whole' | 'failed' | 'stopped' {
    return this.#state;
  }

  get failure(): RpcError | undefined {
    return this.#failure;
  }

  get isChat(): boolean {
    return this.#isChat;
  }

  get model(): string {
    return this.#model;
  }

  /** What goes in at its cursor, as far as it is there. */
  get text(): string {
    return this.#cleaned;
  }

  /** What is left of it where its beginning was typed since; undefined where the typing disagrees. */
  restFor(prefix: string, suffix: string): string | undefined {
    if (suffix !== this.suffix) return undefined;
    // Most often it is the very same text, which need not be compared.
    if (prefix !== this.prefix && !prefix.startsWith(this.prefix)) return undefined;
    const typed = prefix.slice(this.prefix.length);
    if (this.#cleaned.startsWith(typed)) {
      const rest = this.#cleaned.slice(typed.length);
      return rest === '' && typed !== '' && this.#state !== 'running' ? undefined : rest;
    }
    const mayStill = this.#state === 'running' && typed.startsWith(this.#cleaned);
    return mayStill ? '' : undefined;
  }

  /** Resolves with its next change. */
  changed(): Promise<void> {
    return this.#waiting.promise;
  }

  stop(): void {
    if (this.#state !== 'running') return;
    this.#end('stopped');
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    const late = AbortSignal.timeout(this.#options.limitMs);
    try {
      const signal = AbortSignal.any([this.#abort.signal, late]);
      for await (const { isChat, model, text } of this.#options.ask(signal)) {
        if (this.#state !== 'running') return;
        if (model !== undefined) this.#model = model;
        this.#isChat = isChat;
        if (text === '') continue;
        this.#raw += text;
        this.#clean(false);
        if (this.#isSettled()) break;
        this.#wake();
      }
      this.#clean(true);
      this.#end('whole');
    } catch (reason) {
      if (this.#state !== 'running') return;
      const { limitMs } = this.#options;
      this.#failure = late.aborted
        ? new RpcError('deadline_exceeded', `the model did not complete within ${limitMs} ms`)
        : RpcError.from(reason);
      this.#end('failed');
    } finally {
      this.#abort.abort();
    }
  }

  #clean(isWhole: boolean): void {
    const { place, prefix, suffix } = this.#options;
    this.#cleaned = cleanCompletion(this.#raw, {
      prefix,
      suffix,
      place,
      openBrackets: this.#openBrackets,
      isChat: this.#isChat,
      isWhole,
    });
  }

  /** More would be cut off anyway. */
  #isSettled(): boolean {
    const { isMultiLine } = this.#options.place;
    const beyond = linesIn(this.#raw.trimStart()) - linesIn(this.#cleaned);
    return beyond >= (isMultiLine || this.#isChat ? settledLines : 1) && this.#cleaned !== '';
  }

  #end(state: 'whole' | 'failed' | 'stopped'): void {
    this.#state = state;
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#waiting;
    this.#waiting = Promise.withResolvers();
    resolve();
  }
}

function linesIn(text: string): number {
  return text.split('\n').length;
}
