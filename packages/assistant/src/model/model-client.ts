/**
 * How the assistant asks a model: an interface of its own, which the daemon fills with the gateway in
 * process or with a remote one. Errors are `RpcError`; `retryable` says whether asking again may help.
 */
export interface ModelClient {
  /**
   * One answer, as it comes. Ends with `finish`; throws when the answer cannot be had or breaks off,
   * and `canceled` when the signal is aborted.
   */
  generate(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /** Text between a prefix and a suffix, from a model that can `fill`. Throws as `generate` does. */
  fill(request: FillRequest, signal: AbortSignal): AsyncIterable<FillEvent>;
  /** What can be asked for, aliases too. */
  models(signal: AbortSignal): Promise<readonly ModelInfo[]>;
}

export interface ModelInfo {
  /** What a request names: `provider/model`, or an alias. */
  readonly id: string;
  /** Tokens of prompt and answer together; undefined where nobody has said. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  /** It fills in the middle, by `fill`. */
  readonly canFill: boolean;
}

export interface ModelRequest {
  readonly model: string;
  /** Instructions, before the conversation. */
  readonly system: string;
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[];
  readonly toolChoice?: 'auto' | 'none' | 'required';
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly stop?: readonly string[];
  /** How long a model that can think does; undefined: as it does without a word. */
  readonly effort?: 'low' | 'medium' | 'high';
  /** What routing is told (header `x-intent`). */
  readonly intent?: 'code' | 'tests' | 'analysis' | 'explanation' | 'regex';
  /** The project's name, for its privacy and budgets (header `x-project`). */
  readonly project?: string;
  /** Requests of one session prefer one provider, whose prompt cache is warm (header `x-session-id`). */
  readonly sessionId?: string;
}

/** Tool results stand in user messages, before any text of theirs. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly ModelPart[];
}

export type ModelPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mediaType: string; readonly base64: string }
  /** What a model thought; goes back as it came, since providers check it. */
  | {
      readonly type: 'reasoning';
      readonly text: string;
      readonly signature?: string;
      /** Encrypted; stands for the whole part. */
      readonly redacted?: string;
    }
  | ToolCallPart
  | ToolResultPart;

export interface ToolCallPart {
  readonly type: 'tool-call';
  /** Unique in the session. */
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it, valid or not. */
  readonly arguments: string;
  /** Opaque; some providers want it back with the call. */
  readonly signature?: string;
}

export interface ToolResultPart {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly isError: boolean;
  readonly content: readonly (
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'image'; readonly mediaType: string; readonly base64: string }
  )[];
}

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, of type object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** One step of an answer. Tool calls may overlap; `index` says which. Ends with `finish`. */
export type ModelEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'reasoning-end'; readonly signature?: string; readonly redacted?: string }
  | {
      readonly type: 'tool-call';
      readonly index: number;
      readonly id: string;
      readonly name: string;
    }
  | { readonly type: 'tool-arguments'; readonly index: number; readonly json: string }
  | { readonly type: 'tool-signature'; readonly index: number; readonly signature: string }
  | {
      readonly type: 'finish';
      readonly reason: ModelFinishReason;
      readonly usage: ModelUsage;
      /** Who answered, `provider/model`, and for how much: as the gateway says. */
      readonly model?: string;
      readonly costMicroUsd?: number;
    };

export type ModelFinishReason =
  | 'stop'
  | 'tool-calls'
  | 'length'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'context-length';

/** Tokens as the provider counted them; undefined where it does not say. */
export interface ModelUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cachedInputTokens?: number;
}

export interface FillRequest {
  readonly model: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly maxOutputTokens: number;
  readonly stop?: readonly string[];
  readonly temperature?: number;
  readonly project?: string;
}

export type FillEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'finish'; readonly usage: ModelUsage; readonly model?: string };
