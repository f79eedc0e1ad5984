import { RpcError, type Transport } from '@zeke/rpc';
import type { DaemonAddress } from './daemon-client.ts';

/**
 * What makes transports to an address; they connect with their first call. Only the code of the kind
 * that is asked for is loaded.
 * @throws RpcError invalid_argument for an address of another kind.
 */
export async function transportMaker(address: DaemonAddress): Promise<() => Transport> {
  if ('socket' in address) {
    const { connectUnix } = await import('@zeke/rpc/unix');
    const path = address.socket.replace(/^unix:/, '');
    return () => connectUnix({ path });
  }
  const { ca, token, url } = address;
  const make = await networkMaker(url, ca);
  if (token === undefined) return make;
  const { bearerClient } = await import('@zeke/rpc/auth');
  const withToken = bearerClient({ token: () => token });
  return () => withToken(make());
}

async function networkMaker(text: string, ca: string | undefined): Promise<() => Transport> {
  const url = URL.parse(text);
  const tls = ca === undefined ? {} : { ca };
  switch (url?.protocol) {
    case 'http:':
    case 'https:': {
      const { connectHttp2 } = await import('@zeke/rpc/http2');
      return () => connectHttp2(ca === undefined ? { url: text } : { url: text, tls });
    }
    case 'ws:':
    case 'wss:': {
      const { connectWebSocket } = await import('@zeke/rpc/websocket');
      return () => connectWebSocket({ url: text });
    }
    case 'quic:': {
      const { connectQuic } = await import('@zeke/rpc/quic');
      const host = url.hostname.replace(/^\[|\]$/g, '');
      return () => connectQuic({ host, port: Number(url.port), tls });
    }
    default:
      throw new RpcError(
        'invalid_argument',
        `${JSON.stringify(text)} is no address of a daemon: http, https, ws, wss or quic`,
      );
  }
}
