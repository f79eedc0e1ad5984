import type { Transport } from '@zeke/rpc';
import { compressor } from '@zeke/rpc/compression';
import { connectFetch } from '@zeke/rpc/fetch';
import { dialHttp2 } from '@zeke/rpc/http2';
import { connectUnix } from '@zeke/rpc/unix';
import { connectWebSocket } from '@zeke/rpc/websocket';

/** Our library, on this runtime. @throws Error for a way that there is not. */
export async function connectZrpc(
  way: string,
  url: string,
  authority: Buffer | undefined,
): Promise<Transport> {
  const tls = authority === undefined ? {} : { tls: { ca: authority.toString() } };
  if (way === 'http2') return await dialHttp2({ url, ...tls });
  if (way === 'unix') return connectUnix({ path: new URL(url).pathname });
  if (way === 'websocket') return connectWebSocket({ url, compressor });
  if (way === 'connect') return connectFetch({ baseUrl: url, compressor });
  if (way === 'grpc-web') return connectFetch({ baseUrl: url, compressor, protocol: 'grpc-web' });
  throw new Error(`zrpc has no way ${JSON.stringify(way)} here`);
}
