import type { CompressionName } from './call.ts';
import { Metadata, type MetadataInit } from './metadata.ts';
import type { ParentCall } from './parent-call.ts';

/** How one call is made. */
export interface CallOptions {
  readonly metadata?: MetadataInit;
  /**
   * The whole call may take this long, in milliseconds; the server is told. 0 and less: it is too
   * late already. Default: no limit.
   */
  readonly timeoutMs?: number;
  /** The same as a point in time, by `performance.now()`. The earliest of all deadlines counts. */
  readonly deadlineAt?: number;
  /**
   * The call that is being answered, for which this one is made: the context of a handler. Its
   * deadline is that of this call too, its end cancels this one, and interceptors go on with its
   * trace (`tracingClient`) and its request id (`requestIdClient`).
   */
  readonly parent?: ParentCall;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /**
   * While the server cannot be reached the call waits, until its deadline, instead of failing with
   * `unavailable`; give it one. As many calls wait as `maxQueuedCalls` and `maxQueuedBytes` allow, and
   * over several servers as long as `maxWaitMs`. Without a connection of its own, as with `fetch`, a
   * transport does not know, and fails. Default: false.
   */
  readonly waitForReady?: boolean;
  /** Of messages from 1 KiB on, in both directions where the server can. Default: none. */
  readonly compression?: CompressionName;
  /**
   * The stack of an error also says where the call was made; without it, only where the error was
   * found. Costs some microseconds for each call. Default: false.
   */
  readonly callerStack?: boolean;
  /** The metadata of the header. What it throws cancels the call, which fails with it. */
  readonly onHeader?: (metadata: Metadata) => void;
  /** The metadata of the trailer, of failed calls too. What it throws fails a call that went well. */
  readonly onTrailer?: (metadata: Metadata) => void;
}

/** The options of a call with the metadata that they would else hide. */
export interface MergedOptions extends CallOptions {
  readonly defaultMetadata?: MetadataInit;
}

/**
 * What a call's own options leave open comes from the defaults; `undefined` leaves it open. Metadata
 * is merged by `metadataOf`.
 */
export function withDefaults(options: CallOptions, defaults: CallOptions): MergedOptions {
  const merged: Record<string, unknown> = { ...defaults, defaultMetadata: defaults.metadata };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/**
 * The metadata of a call. Of a name that the defaults have too, the call's own values count.
 * @throws RpcError invalid_argument for a name or a value that cannot be sent.
 */
export function metadataOf({ metadata, defaultMetadata }: MergedOptions): Metadata {
  const own = Metadata.from(metadata);
  if (defaultMetadata === undefined || defaultMetadata === metadata) return own;
  const merged = new Metadata();
  for (const [name, value] of Metadata.from(defaultMetadata)) {
    if (!own.has(name)) merged.appendUnchecked(name, value);
  }
  for (const [name, value] of own) merged.appendUnchecked(name, value);
  return merged;
}
