import type { CompressorLookup } from '../compression/compressor.ts';
import type { CallHandler, Peer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import type { RpcError } from '../rpc-error.ts';
import type { FrameLink } from './frame-writer.ts';
import type { FrameLanes } from './lanes.ts';

export interface FrameConnectionOptions {
  readonly link: FrameLink;
  /** For the calls that do not go over `link`, where the transport has links for them. */
  readonly lanes?: FrameLanes;
  /** The side that connected opens odd streams, the one that accepted even streams. */
  readonly side: 'client' | 'server';
  readonly limits: RpcLimits;
  /** The peer, but for calls back to it, which this connection adds. */
  readonly peer: Peer;
  /** Takes the calls that the peer opens; absent: they are `unimplemented`. */
  readonly handler?: CallHandler;
  /** Why the peer is not served: it is told, and cut off, when it has introduced itself. */
  readonly refusal?: RpcError;
  /** From `compression/`; browsers have none. */
  readonly compressor?: CompressorLookup;
  /** Called when bytes come and when a call is opened. */
  readonly onActivity?: (() => void) | undefined;
}
