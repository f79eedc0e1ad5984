import { RpcError } from '@zeke/rpc';
import type { ToolOutput } from '../tool.ts';

/** In base64 it is less than the 5 MB that providers take. */
const maxImageBytes = 3_750_000;

/** An image as a model is shown it; undefined for bytes that are none. Throws for one that is too large. */
export function imageOutput(shown: string, bytes: Uint8Array): ToolOutput | undefined {
  const mediaType = mediaTypeOf(bytes);
  if (mediaType === undefined) return undefined;
  if (bytes.length > maxImageBytes) {
    throw new RpcError(
      'resource_exhausted',
      `${shown}: an image of ${bytes.length} bytes is too large (${maxImageBytes} at most): make it smaller first`,
    );
  }
  const text = `${shown}: ${mediaType}, ${bytes.length} bytes`;
  return {
    text,
    summary: text,
    images: [{ mediaType, base64: Buffer.from(bytes).toString('base64') }],
  };
}

/** By the first bytes, as the formats' own documents say them. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif';
  return head.startsWith('RIFF') && head.slice(8) === 'WEBP' ? 'image/webp' : undefined;
}
