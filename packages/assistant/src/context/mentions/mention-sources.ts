/** What mentions stand for that is not in the project's files; each by whoever has it. */
export interface MentionSources {
  /** Diagnostics of a file (absolute), or of all that are known, as text; empty where there are none. */
  readonly diagnostics?: (path: string | undefined, signal: AbortSignal) => Promise<string>;
  /** The text of a page. Throws `RpcError` where it may not or cannot be had. */
  readonly fetchUrl?: (url: string, signal: AbortSignal) => Promise<string>;
  /** What git prints: the changes since the last commit, or the state of the work tree. */
  readonly git?: (what: 'diff' | 'status', signal: AbortSignal) => Promise<string>;
}
