import type { MethodInfo } from '../core/method.ts';
import type { FrameWriter } from './frame-writer.ts';

/** The number from which on streams may have a link of their own. */
export const firstLane = 0x80000000;

/**
 * Links of their own for single calls, where a transport has several that do not wait for one
 * another, as QUIC has streams: a packet that is lost then holds up one call and not all.
 */
export interface FrameLanes {
  /**
   * The number for a call of this method: from `firstLane` on, never given before, odd on the side
   * that connected and else even. Undefined: the call shares the connection's link.
   */
  open(method: MethodInfo): number | undefined;
  /** Where frames of this stream go; undefined: it has no link of its own. */
  writerOf(stream: number): FrameWriter | undefined;
  /**
   * The call is over on this side: what was written is sent, and nothing more. What the peer has sent
   * still goes to the connection, which gives back its credit.
   */
  release(stream: number): void;
}
