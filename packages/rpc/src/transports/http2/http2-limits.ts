import { limitsWith, type RpcLimits } from '../../core/limits.ts';

/**
 * What bounds an HTTP/2 connection beside the limits of every transport. Those of floods count within
 * ten seconds; a peer above one of them gets GOAWAY with ENHANCE_YOUR_CALM.
 */
export interface Http2Limits extends RpcLimits {
  /**
   * How far the window of one call may grow above `streamWindowBytes` while its reader keeps up and
   * the peer is far away, in bytes: a quarter of `connectionWindowBytes`, so that one call which then
   * pauses does not stop the others.
   */
  readonly maxStreamWindowBytes: number;
  /**
   * What a connection may hold of messages that are not whole yet, in bytes: 64 MiB, or two of the
   * longest messages.
   */
  readonly maxPartialBytes: number;
  /** The headers of a request or response that are no metadata, such as its path: 8 KiB. */
  readonly maxReservedHeaderBytes: number;
  /** CONTINUATION frames of one header block: 32. */
  readonly maxContinuations: number;
  /**
   * Calls that end by RST_STREAM, whoever sends it, beyond those that end in order: 2,000 in 10 s
   * (CVE-2023-44487 "rapid reset", CVE-2025-8671 "MadeYouReset").
   */
  readonly maxResets: number;
  /** SETTINGS frames: 200 in 10 s. */
  readonly maxSettings: number;
  /** PING frames, and 1 for every DATA frame that we send: 1,000 in 10 s. */
  readonly maxPings: number;
  /** DATA frames without a byte that do not end their stream: 1,000 in 10 s. */
  readonly maxEmptyFrames: number;
  /** WINDOW_UPDATE frames, and 4 for every DATA frame that we send: 10,000 in 10 s. */
  readonly maxWindowUpdates: number;
  /** Frames that change nothing: PRIORITY, unknown ones, ones for streams that are closed: 10,000 in 10 s. */
  readonly maxIdleFrames: number;
}

/** The defaults with what the caller sets. */
export function http2LimitsWith(limits: Partial<Http2Limits> | undefined): Http2Limits {
  const common = limitsWith(limits);
  return {
    maxStreamWindowBytes: Math.max(common.streamWindowBytes, common.connectionWindowBytes / 4),
    maxPartialBytes: Math.max(64 * 1024 * 1024, 2 * common.maxMessageBytes),
    maxReservedHeaderBytes: 8 * 1024,
    maxContinuations: 32,
    maxResets: 2_000,
    maxSettings: 200,
    maxPings: 1_000,
    maxEmptyFrames: 1_000,
    maxWindowUpdates: 10_000,
    maxIdleFrames: 10_000,
    ...common,
  };
}
