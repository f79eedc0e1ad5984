import { RpcError } from '../rpc-error.ts';

/** The part of `fetch` that is needed here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The address, when secrets and keys may be fetched from it: HTTPS, or HTTP on loopback.
 * @throws RpcError invalid_argument that begins with `what`.
 */
export function httpsUrl(address: string, what: string): URL {
  if (!URL.canParse(address)) {
    throw new RpcError('invalid_argument', `${what}: ${JSON.stringify(address)} is no URL`);
  }
  const url = new URL(address);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) {
    return url;
  }
  throw new RpcError('invalid_argument', `${what}: ${url.origin} is not reached by HTTPS`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The response with a body that is here as a whole.
 * @throws RpcError resource_exhausted when it is longer than `maxBytes`.
 */
export async function boundedResponse(response: Response, maxBytes: number): Promise<Response> {
  const { status, headers, body } = response;
  if (body === null) return new Response(null, { status, headers });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new RpcError('resource_exhausted', `an answer of more than ${maxBytes} bytes was cut`);
    }
    chunks.push(value);
  }
  return new Response(new Blob(chunks as Uint8Array<ArrayBuffer>[]), { status, headers });
}
