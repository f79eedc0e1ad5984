import type { CompressorLookup } from '../compression/compressor.ts';
import type { RpcLimits } from '../core/limits.ts';
import { RpcError } from '../rpc-error.ts';
import { frameFlag } from './frame.ts';

/**
 * The message in the payload of a MSG frame with these flags. Undefined: it cannot be read, and the
 * call has failed for that.
 */
export function decompressed(
  call: { fail(error: RpcError): void },
  flags: number,
  payload: Uint8Array,
  options: { readonly compressor?: CompressorLookup; readonly limits: RpcLimits },
): Uint8Array | undefined {
  if ((flags & (frameFlag.gzip | frameFlag.zstd)) === 0) return payload;
  const name = (flags & frameFlag.gzip) !== 0 ? 'gzip' : 'zstd';
  const compressor = options.compressor?.(name);
  try {
    if (compressor !== undefined) {
      return compressor.decompress(payload, options.limits.maxMessageBytes);
    }
    call.fail(new RpcError('unimplemented', `this side cannot read messages in ${name}`));
  } catch (error) {
    call.fail(RpcError.from(error));
  }
  return undefined;
}
