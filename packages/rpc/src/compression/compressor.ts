import type { CompressionName } from '../core/call.ts';

/** Below this many bytes a message is sent as it is: the frame around it would eat the gain. */
export const compressionThresholdBytes = 1024;

/** One way to compress a message, whole and at once. */
export interface Compressor {
  readonly name: CompressionName;
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * @throws RpcError resource_exhausted when the message would be longer than `maxBytes`, of which
   * no more than that is ever inflated; internal when the bytes are cut off or are not of this
   * compression (as gRPC says: https://github.com/grpc/grpc/blob/master/doc/compression.md).
   */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/**
 * Finds a compressor by the name on the wire. What also runs in browsers takes one as an option,
 * because there is no synchronous compression there.
 */
export type CompressorLookup = (name: string) => Compressor | undefined;
