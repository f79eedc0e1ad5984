import type { Logger } from '@zeke/foundation';
import { o200kFile, readVocabulary } from './read-vocabulary.ts';
import { TimeSlice } from './time-slice.ts';
import { type TextCount, Tokenizer } from './tokenizer.ts';

/** A text is cut here and its count scaled up: about 250,000 tokens, 30 milliseconds of work. */
const maxCountedChars = 1_000_000;
/** Of texts that may wait to be counted; what comes beyond is counted by its length. */
const maxWaitingChars = 16_000_000;
/** How long the thread may be held before other work gets its turn. */
const sliceMs = 1;
/** For an estimate without a vocabulary. */
const charsPerToken = 4;

export interface TokenCounterOptions {
  log: Logger;
  /** Default: OpenAI's newest. */
  vocabularyFile?: URL;
}

/**
 * Counts tokens with OpenAI's newest vocabulary, which is read when first needed. Texts are counted
 * one after the other, off the path of requests, a millisecond at a time. Where the vocabulary
 * cannot be read, they are counted by their length.
 */
export class TokenCounter implements Disposable {
  readonly #options: TokenCounterOptions;
  #tokenizer: Promise<Tokenizer | undefined> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waitingChars = 0;
  readonly #slice = new TimeSlice(sliceMs);
  #disposed = false;

  constructor(options: TokenCounterOptions) {
    this.#options = options;
  }

  /** Token counts of texts, in their order. Never rejects. */
  async count(texts: readonly string[]): Promise<number[]> {
    const chars = texts.reduce((sum, { length }) => sum + Math.min(length, maxCountedChars), 0);
    if (this.#waitingChars + chars > maxWaitingChars) return texts.map(countByLength);
    this.#waitingChars += chars;
    const counted = this.#last.then(() => this.#countAll(texts));
    this.#last = counted;
    try {
      return await counted;
    } finally {
      this.#waitingChars -= chars;
    }
  }

  /** What waits is counted by its length. */
  [Symbol.dispose](): void {
    this.#disposed = true;
  }

  async #countAll(texts: readonly string[]): Promise<number[]> {
    const counts: number[] = [];
    for (const text of texts) counts.push(await this.#countText(text));
    return counts;
  }

  async #countText(text: string): Promise<number> {
    const tokenizer = this.#disposed ? undefined : await this.#read();
    if (!tokenizer) return countByLength(text);
    const count: TextCount = {
      text: text.slice(0, maxCountedChars),
      tokens: 0,
      at: 0,
      pieceEnd: 0,
    };
    for (;;) {
      if (this.#disposed) return countByLength(text);
      if (this.#slice.isOver) await this.#slice.next();
      tokenizer.advance(count, this.#slice);
      if (count.at < count.text.length) continue;
      return text.length === count.at ? count.tokens : scaled(count, text);
    }
  }

  #read(): Promise<Tokenizer | undefined> {
    const { log, vocabularyFile = o200kFile() } = this.#options;
    this.#tokenizer ??= readVocabulary(vocabularyFile).then(
      (vocabulary) => new Tokenizer(vocabulary),
      (error: unknown) => {
        log.error('tokens are counted by length: the vocabulary could not be read', { err: error });
        return undefined;
      },
    );
    return this.#tokenizer;
  }
}

function scaled({ tokens, at }: TextCount, text: string): number {
  return Math.round((tokens * text.length) / at);
}

function countByLength(text: string): number {
  return Math.ceil(text.length / charsPerToken);
}
