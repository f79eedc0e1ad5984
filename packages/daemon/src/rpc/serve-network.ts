import { type CallHandler, type Listener, RpcError, type RpcLimits } from '@zeke/rpc';
import { listenHttp2 } from '@zeke/rpc/http2';
import { compressAnswers } from './compress-answers.ts';
import type { RpcServerOptions } from './serve-rpc.ts';

export interface NetworkOptions extends Pick<RpcServerOptions, 'config' | 'log' | 'tls'> {
  readonly handler: CallHandler;
  readonly limits: Partial<RpcLimits>;
}

export interface NetworkListeners {
  readonly http2: Listener;
  /** On the same port of UDP. */
  readonly quic?: Listener;
  close(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * gRPC on a port, and QUIC beside it where there is TLS. Undefined where nobody asked for the port
 * and another program has it.
 * @throws RpcError failed_precondition that names the key to change.
 */
export async function serveNetwork({
  config,
  limits,
  log,
  tls,
  ...options
}: NetworkOptions): Promise<NetworkListeners | undefined> {
  const { compression, host, isDefaultPort, port } = config;
  const handler = compression ? compressAnswers(options.handler) : options.handler;
  const secure = tls === undefined ? {} : { tls };
  let http2: Listener;
  try {
    http2 = await listenHttp2({ host, port, handler, limits, ...secure });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (isDefaultPort) {
      log.warn('gRPC is not served: choose another rpc.port', { port, reason });
      return undefined;
    }
    throw new RpcError('failed_precondition', `rpc.port ${port}: ${reason}`, { cause });
  }
  if (tls === undefined) return { http2, close: (closing) => http2.close(closing) };
  try {
    const { listenQuic } = await import('@zeke/rpc/quic');
    // Both have the port that the first was given.
    const bound = Number(new URL(http2.address).port);
    const onRefused = (err: unknown) => log.debug('a QUIC handshake failed', { err });
    const quic = await listenQuic({ host, port: bound, handler, limits, tls, onRefused });
    return {
      http2,
      quic,
      close: async (closing) => {
        await Promise.all([http2.close(closing), quic.close(closing)]);
      },
    };
  } catch (cause) {
    await http2.close({ graceMs: 0 });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RpcError('failed_precondition', `rpc.port ${port} of UDP: ${reason}`, { cause });
  }
}
