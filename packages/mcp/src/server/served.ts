import type {
  CallToolResult,
  CompleteRequestParams,
  CompleteResult,
  GetPromptResult,
  InputRequests,
  InputResponses,
  LoggingLevel,
  Progress,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  Tool,
} from '@modelcontextprotocol/server';

/**
 * What an MCP server offers, whoever calls and by whatever transport. The daemon fills it with the tools
 * of the assistant, and the hub with those of other servers. Expected failures of a tool are results with
 * `isError`; what is thrown is an `RpcError`, or a `ProtocolError` of the protocol.
 */
export interface Served {
  readonly tools?: ServedTools;
  readonly resources?: ServedResources;
  readonly prompts?: ServedPrompts;
  /** Values for an argument of a prompt, or of a resource template. */
  complete?(request: CompleteRequestParams, context: ServedContext): Promise<CompleteResult>;
}

export interface ServedTools {
  /** In an order that stays the same. */
  list(caller: McpCaller): readonly Tool[] | Promise<readonly Tool[]>;
  /** Throws `tool-not-found` for a name that is not listed. */
  call(request: ToolCall, context: ServedContext): Promise<CallToolResult>;
  /** Calls this whenever the list has changed, until the function it gives back is called. */
  onChange?(listener: () => void): () => void;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface ServedResources {
  list(caller: McpCaller): readonly Resource[] | Promise<readonly Resource[]>;
  templates?(
    caller: McpCaller,
  ): readonly ResourceTemplateType[] | Promise<readonly ResourceTemplateType[]>;
  /** Throws `not_found` as a `ResourceNotFoundError`. */
  read(uri: string, context: ServedContext): Promise<ReadResourceResult>;
  /** Calls this after a resource has changed, until the function it gives back is called. Absent: none is watched. */
  subscribe?(uri: string, caller: McpCaller, changed: () => void): Promise<() => void>;
  onChange?(listener: () => void): () => void;
}

export interface ServedPrompts {
  list(caller: McpCaller): readonly Prompt[] | Promise<readonly Prompt[]>;
  /** Throws `prompt-not-found`. */
  get(
    request: { readonly name: string; readonly arguments: Readonly<Record<string, string>> },
    context: ServedContext,
  ): Promise<GetPromptResult>;
  onChange?(listener: () => void): () => void;
}

/** Who calls. */
export interface McpCaller {
  /** Of a key, or `local` for somebody on this machine without one: what rules and limits go by. */
  readonly id: string;
  /** Whose key it is. */
  readonly owner?: string;
  /** As the client calls itself: nothing to rely on. */
  readonly client?: string;
  /** Of a connection or a session of the protocol, where there is one. */
  readonly sessionId?: string;
  readonly address?: string;
}

/** What a call is made with. */
export interface ServedContext {
  readonly caller: McpCaller;
  /** Aborted when the caller cancels, or has left. */
  readonly signal: AbortSignal;
  /** Dropped where the caller asked for none. `progress` grows with each. */
  readonly onProgress: (progress: Progress) => void;
  /** A line for the caller's log, where it asked for such. */
  readonly log: (level: LoggingLevel, data: unknown) => void;
  /**
   * Asks the caller: to fill in a form, for an answer of its model, for its roots. Keys are of the asker's
   * choice, and the same in the answer. Throws a `MissingRequiredClientCapabilityError` where the client
   * can't be asked such, and when the call is aborted or nobody has answered in time.
   */
  readonly ask: (requests: InputRequests) => Promise<InputResponses>;
}
