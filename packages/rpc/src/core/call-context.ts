import type { Peer } from './call.ts';
import type { Metadata, MetadataInit } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import type { ParentCall } from './parent-call.ts';

/**
 * What a handler may know and say besides the messages. Calls that it makes for this one take it as
 * their `parent`.
 */
export interface CallContext extends ParentCall {
  readonly method: MethodInfo;
  readonly metadata: Metadata;
  readonly peer: Peer;
  /**
   * Aborted when this server has begun to shut down, or its connection has reached its age, and waits
   * for its open calls: one that would go on for ever should end soon, as `unavailable`, so that its
   * client finds another server.
   */
  readonly draining: AbortSignal;
  /** Sent with the end of the call; may be added to until then. */
  readonly trailer: Metadata;
  /**
   * Whether the messages that are sent from now on are compressed, for a client that can read them;
   * set before the header. Default: as the client's are, from 1 KiB on.
   */
  compress: boolean | undefined;
  /** Sends the header now; else it goes, empty, before the first message. */
  sendHeader(metadata: MetadataInit): void;
}
