import type { ChatResponse } from '../neutral/chat-response.ts';

/** Where an answer is from, and how it was told to who asked first. */
export interface AnswerSource {
  /** The configured name. */
  readonly provider: string;
  /** The provider's own name. */
  readonly model: string;
  /** True where its bytes went through: then the caller was shown the provider's name of the model. */
  readonly passes: boolean;
  /** Headers that are told again: of the model, the strategy and the translation. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer that is kept, in neutral form. */
export interface AnswerEntry {
  readonly source: AnswerSource;
  readonly response: ChatResponse;
  /** Milliseconds since the epoch. */
  readonly storedAtMs: number;
}

/** Changes with the form of entries: others are not read. */
const version = 1;

export function encodeEntry(entry: AnswerEntry): Uint8Array {
  return Buffer.from(JSON.stringify({ version, ...entry }));
}

const utf8 = new TextDecoder();

/** Undefined for what another version wrote, or nobody. */
export function decodeEntry(bytes: Uint8Array): AnswerEntry | undefined {
  try {
    const entry = JSON.parse(utf8.decode(bytes)) as (AnswerEntry & { version: unknown }) | null;
    return entry?.version === version ? entry : undefined;
  } catch {
    return undefined;
  }
}

const worthKeeping: ReadonlySet<string> = new Set([
  'stop',
  'stop-sequence',
  'length',
  'tool-calls',
]);

/** Whether an answer is one to give again: every choice says something and came to a good end. */
export function isWorthKeeping({ choices }: ChatResponse): boolean {
  return (
    choices.length > 0 &&
    choices.every(({ finishReason, parts }) => parts.length > 0 && worthKeeping.has(finishReason))
  );
}
