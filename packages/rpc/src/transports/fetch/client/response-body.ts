import { RpcError } from '../../../rpc-error.ts';
import { fetchFailure } from './fetch-failure.ts';

const noBytes = new Uint8Array(0);

/**
 * The whole body of a response, decompressed by `fetch`.
 * @throws RpcError resource_exhausted for more than `maxBytes`, without having read more than one
 * chunk beyond it; unavailable where it breaks off.
 */
export async function readResponseBody(
  response: Response,
  maxBytes: number,
  url: string,
): Promise<Uint8Array> {
  const { body, headers } = response;
  if (body === null) return noBytes;
  const length = headers.get('content-length');
  try {
    // The length of a compressed body says nothing.
    if (length !== null && Number(length) <= maxBytes && !headers.has('content-encoding')) {
      return new Uint8Array(await response.arrayBuffer());
    }
    return await readChunks(body, maxBytes);
  } catch (cause) {
    throw cause instanceof RpcError ? cause : fetchFailure(cause, url);
  }
}

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      throw new RpcError(
        'resource_exhausted',
        `the answer is longer than the ${maxBytes} bytes that are taken (maxMessageBytes)`,
      );
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
