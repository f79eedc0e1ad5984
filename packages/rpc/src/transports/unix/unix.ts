import { unlink } from 'node:fs/promises';
import { compressor } from '../../compression/compressors.ts';
import type { CallHandler, DisposableTransport, Listener, Peer } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import { BusyPoll } from '../../sockets/busy-poll.ts';
import { frameSocket } from '../../sockets/frame-socket.ts';
import {
  type ByteSocket,
  type SocketHandler,
  type SocketListener,
  socketRuntime,
} from '../../sockets/socket.ts';
import { maxToldStrangers, type UnixAccess, unixUsers } from '../../sockets/unix-users.ts';
import { clearSocketPath, withMode } from './socket-file.ts';

export interface UnixListenOptions extends UnixAccess {
  /** Of the socket, at most 107 bytes. A socket that nobody listens at any more is replaced. */
  readonly path: string;
  readonly handler: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /**
   * Do not sleep for this long after the last frame, in milliseconds: lower latency for a whole
   * core. Default 0.
   */
  readonly busyPollMs?: number;
}

export interface UnixConnectOptions {
  readonly path: string;
  readonly limits?: Partial<RpcLimits>;
  /** Takes the calls that the server opens to this client. */
  readonly handler?: CallHandler;
  /** As of the listener. */
  readonly busyPollMs?: number;
}

/**
 * Serves own frames on a Unix socket.
 * @throws RpcError already_exists when somebody listens there or a file of another kind is there;
 * unimplemented when `allowedUsers` cannot be checked.
 */
export async function listenUnix(options: UnixListenOptions): Promise<Listener> {
  const { path } = options;
  const sockets = await socketRuntime();
  const users = await unixUsers(path, options);
  await clearSocketPath(path, sockets);
  const limits = limitsWith(options.limits);
  const connections = new FrameConnections(limits);
  const strangers = new FrameConnections({ ...limits, maxConnections: maxToldStrangers });
  const onActivity = activityOf(options.busyPollMs);
  const address = `unix:${path}`;

  const accept = (socket: ByteSocket): SocketHandler => {
    const process = users.processOf(socket);
    const refusal = users.refusal(process);
    const group = refusal === undefined ? connections : strangers;
    if (group.refusal() !== undefined) {
      socket.destroy();
      return deafHandler;
    }
    const peer: Peer = {
      transport: 'unix',
      address,
      ...(process === undefined ? {} : { process }),
    };
    const { connection, handler } = frameSocket(socket, {
      side: 'server',
      limits,
      peer,
      handler: options.handler,
      compressor,
      onActivity,
      ...(refusal === undefined ? {} : { refusal }),
    });
    group.add(connection);
    return handler;
  };
  const listener = await withMode(path, options.mode ?? 0o600, () =>
    sockets.listen({ path }, accept),
  );
  return new UnixListener(path, listener, [connections, strangers]);
}

/** Connects with the first call, and again when the connection was lost. */
export function connectUnix(options: UnixConnectOptions): DisposableTransport {
  const { path } = options;
  return new ReconnectingTransport({
    address: `unix:${path}`,
    limits: options.limits,
    dial: (signal) => dialUnix(options, signal),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws Error of the runtime when nobody listens there.
 */
export async function dialUnix(
  options: UnixConnectOptions,
  signal?: AbortSignal,
): Promise<Connection> {
  const { path } = options;
  const sockets = await socketRuntime();
  const dialled = Promise.withResolvers<Connection>();
  await sockets.dial(signal === undefined ? { path } : { path, signal }, (socket) => {
    const { connection, handler } = frameSocket(socket, {
      side: 'client',
      limits: limitsWith(options.limits),
      peer: { transport: 'unix', address: `unix:${path}` },
      compressor,
      onActivity: activityOf(options.busyPollMs),
      ...(options.handler === undefined ? {} : { handler: options.handler }),
    });
    dialled.resolve(connection);
    return handler;
  });
  return await dialled.promise;
}

function activityOf(busyPollMs = 0): (() => void) | undefined {
  if (busyPollMs === 0) return undefined;
  const busyPoll = new BusyPoll(busyPollMs);
  return () => busyPoll.touch();
}

const deafHandler: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

class UnixListener implements Listener {
  readonly address: string;
  readonly #path: string;
  readonly #listener: SocketListener;
  readonly #groups: readonly FrameConnections[];

  constructor(path: string, listener: SocketListener, groups: readonly FrameConnections[]) {
    this.address = `unix:${path}`;
    this.#path = path;
    this.#listener = listener;
    this.#groups = groups;
  }

  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    this.#listener.close();
    await unlink(this.#path).catch(() => {});
    await Promise.all(this.#groups.map((group) => group.close(options.graceMs)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
