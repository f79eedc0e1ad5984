import { RpcError } from '../../../rpc-error.ts';

const noBytes = new Uint8Array(0);

/**
 * The whole body of a request.
 * @throws RpcError resource_exhausted for more than `maxBytes`, without having read more than one
 * chunk beyond it; canceled when the client breaks off.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get('content-length');
  if (length === null) {
    return request.body === null ? noBytes : readChunks(request.body, maxBytes);
  }
  if (Number(length) > maxBytes) throw tooLong(maxBytes);
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch (cause) {
    throw brokenOff(cause);
  }
}

/** The error of a body that ended before its time. */
export function brokenOff(cause: unknown): RpcError {
  return new RpcError('canceled', 'the client broke off the request', { cause });
}

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const result = await reader.read().catch((cause: unknown) => {
      throw brokenOff(cause);
    });
    if (result.done) break;
    length += result.value.length;
    if (length > maxBytes) {
      // What the rest of the body says is nobody's concern any more.
      reader.cancel().catch(() => {});
      throw tooLong(maxBytes);
    }
    chunks.push(result.value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLong(maxBytes: number): RpcError {
  return new RpcError(
    'resource_exhausted',
    `the body of the request is longer than the ${maxBytes} bytes that are taken (maxMessageBytes)`,
  );
}
