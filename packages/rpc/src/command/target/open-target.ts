import { compressor } from '../../compression/compressors.ts';
import type { Transport } from '../../core/call.ts';
import type { RpcLimits } from '../../core/limits.ts';
import { RpcError } from '../../rpc-error.ts';
import { quietQuic } from './quiet-quic.ts';
import type { Target } from './target.ts';
import { readTls, type TlsFlags, type TlsSettings } from './tls-flags.ts';

/** How a target is connected to. */
export interface ConnectionFlags extends TlsFlags {
  /** What gRPC calls `:authority`. */
  readonly authority?: string;
  /** The largest message in either direction, in bytes. */
  readonly maxMessageSize?: number;
}

/**
 * A Transport to the target. It connects with its first call.
 * @throws RpcError as `readTls`; invalid_argument for flags that the target has no use for;
 *   unimplemented for TLS flags that this runtime or transport cannot honour.
 */
export async function openTarget(
  target: Target,
  flags: ConnectionFlags,
  otherLimits: Partial<RpcLimits> = {},
): Promise<Transport> {
  const tls = await readTls(flags, target);
  checkFlags(target, flags);
  const { maxMessageSize } = flags;
  const limits =
    maxMessageSize === undefined
      ? otherLimits
      : { ...otherLimits, maxMessageBytes: maxMessageSize };
  switch (target.kind) {
    case 'grpc':
    case 'grpc-unix': {
      const { connectHttp2 } = await import('../../transports/http2/connect-http2.ts');
      const withTls = target.kind === 'grpc-unix' ? target.tls : target.url.startsWith('https:');
      return connectHttp2({
        ...(target.kind === 'grpc' ? { url: target.url } : { path: target.path }),
        ...(withTls ? { tls } : {}),
        ...(flags.authority === undefined ? {} : { authority: flags.authority }),
        limits,
      });
    }
    case 'unix': {
      const { connectUnix } = await import('../../transports/unix/unix.ts');
      return connectUnix({ path: target.path, limits });
    }
    case 'shared-memory': {
      const { connectSharedMemory } = await import(
        '../../transports/shared-memory/shared-memory.ts'
      );
      return connectSharedMemory({ path: target.path, limits });
    }
    case 'grpc-h3': {
      quietQuic();
      const { connectHttp3 } = await import('../../transports/http3/http3.ts');
      const { host, port } = target;
      return connectHttp3({ host, port, tls, limits });
    }
    case 'quic': {
      quietQuic();
      const { connectQuic } = await import('../../transports/quic/quic.ts');
      const { host, port } = target;
      return connectQuic({ host, port, tls, limits });
    }
    case 'websocket': {
      const { connectWebSocket } = await import('../../transports/websocket/websocket-client.ts');
      const create = await webSocketMaker(tls, flags);
      return connectWebSocket({
        url: target.url,
        limits,
        compressor,
        ...(create === undefined ? {} : { create }),
      });
    }
    case 'connect':
    case 'grpc-web': {
      const { connectFetch } = await import('../../transports/fetch/client/connect-fetch.ts');
      const options = await runtimeTls(tls, flags);
      return connectFetch({
        baseUrl: target.url,
        protocol: target.kind,
        limits,
        compressor,
        ...(options === undefined ? {} : { init: { tls: options } }),
      });
    }
  }
}

function checkFlags({ kind, name }: Target, { authority, insecure }: ConnectionFlags): void {
  if (authority !== undefined && kind !== 'grpc' && kind !== 'grpc-unix') {
    throw new RpcError('invalid_argument', `--authority is for gRPC, which ${name} is not`);
  }
  if (insecure && kind !== 'websocket' && kind !== 'connect' && kind !== 'grpc-web') {
    throw new RpcError(
      'unimplemented',
      `${name}: certificates are always verified here; give --cacert the server's own certificate, and --server-name a name in it`,
    );
  }
}

async function webSocketMaker(
  tls: TlsSettings,
  flags: TlsFlags,
): Promise<((url: string, protocol: string) => WebSocket) | undefined> {
  const options = await runtimeTls(tls, flags);
  if (options === undefined) return undefined;
  const { bunWebSocket } = await import('./bun-client-tls.ts');
  return (url, protocol) => bunWebSocket(url, protocol, options);
}

/** Standard `fetch` and `WebSocket` take no certificates; those of Bun do. */
async function runtimeTls(
  tls: TlsSettings,
  { insecure = false }: TlsFlags,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (Object.keys(tls).length === 0 && !insecure) return undefined;
  if (!('Bun' in globalThis)) {
    throw new RpcError(
      'unimplemented',
      'certificates for HTTP and WebSocket need Bun; elsewhere set NODE_EXTRA_CA_CERTS',
    );
  }
  const { bunClientTls } = await import('./bun-client-tls.ts');
  return bunClientTls(tls, insecure);
}
