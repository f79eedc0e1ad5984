import { join } from 'node:path';
import { ChatService, OmenService } from '@zeke/protocol';
import { createServer, type Listener, RpcError } from '@zeke/rpc';
import { listenHttp2 } from '@zeke/rpc/http2';
import { addReflection, createHealth } from '@zeke/rpc/services';
import { listenUnix } from '@zeke/rpc/unix';
import { type GatewayHandler, omenService } from './omen-service.ts';

export interface RpcServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `$ZEKE_HOME`: the Unix socket is `zeke.sock` in it. */
  readonly home: string;
  readonly handle: GatewayHandler;
  /** Told of failures that are no status of a call. */
  readonly onUnexpected: (error: unknown) => void;
}

export interface RpcServer {
  /** Where gRPC is spoken, `http://127.0.0.1:50051`. */
  readonly url: string;
  /** The Unix socket of our own frames. */
  readonly socket: string;
  /** Its health says from now on that it ends; everything else goes on. */
  drain(): void;
  stop(limitMs: number): Promise<void>;
}

/**
 * Serves the contracts of `proto/` as gRPC on a port and as own frames on a Unix socket that is the
 * user's alone, with health and reflection.
 * @throws RpcError when an address cannot be had; nothing listens then.
 */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const { host, port, home, handle, onUnexpected } = options;
  const server = createServer({ onUnexpected });
  const omen = omenService(handle);
  server.add(OmenService, omen).add(ChatService, omen);
  const health = createHealth({ services: server.services }).addTo(server);
  addReflection(server);
  const { handler } = server;
  const unix = await listenUnix({ path: join(home, 'zeke.sock'), handler });
  let http2: Listener;
  try {
    http2 = await listenHttp2({ host, port, handler });
  } catch (cause) {
    await unix.close({ graceMs: 0 });
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `rpc.port ${port}: ${reason}`;
    throw new RpcError('failed_precondition', message, { cause });
  }
  return {
    url: http2.address,
    socket: unix.address,
    drain: () => health.drain(),
    async stop(graceMs) {
      health.close();
      await Promise.all([http2.close({ graceMs }), unix.close({ graceMs })]);
    },
  };
}
