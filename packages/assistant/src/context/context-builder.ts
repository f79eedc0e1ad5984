import type {
  ModelInfo,
  ModelMessage,
  ModelPart,
  ModelTool,
  ModelUsage,
} from '../model/model-client.ts';
import type { CompactionRecord } from './compaction/compaction-record.ts';

/**
 * What a session tells a model besides its own words: instructions of the project, a map of it, what
 * mentions stand for; and a conversation that fits the model's window. One for every session; a
 * subagent has its own.
 */
export interface ContextBuilder {
  /**
   * The system prompt: `base`, then instructions (AGENTS.md and its kin) from the user's folder and
   * from the project's root down to the working folder, then the map of the project. Files are read
   * again when they have changed; without a change the text is the same to the byte, so that a
   * provider's prompt cache holds.
   */
  system(request: SystemRequest, signal: AbortSignal): Promise<SystemContext>;
  /**
   * The parts of a user's message: the words as they are, then what their mentions stand for. Never
   * throws for a mention that leads nowhere: a notice tells, to the user and to the model.
   */
  expand(text: string, attachments: Attachments, signal: AbortSignal): Promise<ExpandedText>;
  /**
   * To be called before every request: the conversation as the model is sent it, compacted where it
   * would not fit. `messages` are always all that the session has; what an earlier `prepare` gave as
   * `compaction` is stored beside them and handed in again. To undo, hand in an earlier record or none.
   */
  prepare(request: PrepareRequest, signal: AbortSignal): Promise<PreparedRequest>;
  /**
   * To be called after every request: what the provider counted corrects the estimates of the
   * session. `request` is what was sent.
   */
  noteUsage(request: SentRequest, usage: ModelUsage): void;
  /**
   * To be called with the files that calls have changed, come or gone (relative to the project's root), so that
   * symbols and the next map are as the files are now, also where changes are not seen as they happen.
   */
  noteChanges(paths: readonly string[]): Promise<void>;
  /**
   * To be called with the files that tools have read or changed (absolute paths). Gives instructions
   * of their folders that this session has not sent yet, to stand behind the tool results in the same
   * message; and makes the files count more in the next map.
   */
  touch(paths: readonly string[], signal: AbortSignal): Promise<readonly ModelPart[]>;
}

export interface SystemRequest {
  /** The prompt of the mode: who the model is and how it works. */
  readonly base: string;
  readonly model: ContextModel;
  /** Words of the user, by which the map is weighed; the first message of the session, usually. */
  readonly about?: string;
  /** Default true. */
  readonly withMap?: boolean;
}

export interface SystemContext {
  readonly text: string;
  /** For the user: a file of instructions was cut, an import leads nowhere. */
  readonly notices: readonly string[];
}

/** What an editor knows and a mention can name. */
export interface Attachments {
  /** `@buffer`: the open file, with its unsaved text. */
  readonly buffer?: { readonly path: string; readonly text: string };
  /** `@selection`: lines count from 1. */
  readonly selection?: {
    readonly path: string;
    readonly text: string;
    readonly firstLine: number;
    readonly lastLine: number;
  };
}

export interface ExpandedText {
  readonly parts: readonly ModelPart[];
  /** For the user: what was not found, was cut, or is ambiguous, with the candidates. */
  readonly notices: readonly string[];
}

export type ContextModel = Pick<ModelInfo, 'id' | 'contextWindow' | 'maxOutputTokens'>;

export interface SentRequest {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[];
}

export interface PrepareRequest {
  readonly model: ContextModel;
  readonly system: string;
  readonly tools?: readonly ModelTool[];
  /** The whole conversation, from its first message, as it was. */
  readonly messages: readonly ModelMessage[];
  /** The last one that was stored, if any. */
  readonly compaction?: CompactionRecord;
  /** Compact now, whether it fits or not: the user asked, or a provider refused for length. */
  readonly force?: boolean;
}

export interface PreparedRequest {
  readonly messages: readonly ModelMessage[];
  /** As handed in, or a new one, which is to be stored before the request is sent. */
  readonly compaction?: CompactionRecord;
  /** A new one was made; `system` is to be asked for again, since it is read from disk afresh. */
  readonly isCompacted: boolean;
  /** Estimates, with all that is sent. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** What writing the summary cost, where a model was asked. */
  readonly usage?: ModelUsage & { readonly costMicroUsd?: number };
  readonly notices: readonly string[];
}
