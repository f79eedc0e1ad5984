import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallHandler, DisposableTransport, Listener } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { limitsWith, type RpcLimits } from '../../core/limits.ts';
import { listenerOf } from '../../core/listener-of.ts';
import { ReconnectingTransport } from '../../core/reconnecting.ts';
import { FrameConnection } from '../../frames/frame-connection.ts';
import { FrameConnections } from '../../frames/frame-connections.ts';
import { RpcError } from '../../rpc-error.ts';
import { peerCredentials } from '../../sockets/bun-libc.ts';
import { type ByteSocket, type SocketHandler, socketRuntime } from '../../sockets/socket.ts';
import { clearSocketPath, withMode } from '../unix/socket-file.ts';
import { Ring, ringFileBytes } from './ring.ts';
import { RingLink } from './ring-link.ts';

/*
 * The server makes a file for each client, which only this user can open, and tells its name over a
 * Unix socket; the client maps it and answers with one byte, and the file's name is removed. After
 * that the socket carries nothing but single bytes, the bells.
 */

const ringBytes = 1024 * 1024;
const defaultPollMs = 1;
const maxGreetingBytes = 1_024;

export interface SharedMemoryListenOptions {
  /** Of the Unix socket over which processes meet. */
  readonly path: string;
  readonly handler: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /** For how long a side looks for bytes again and again before it sleeps, in milliseconds. Default 1. */
  readonly pollMs?: number;
}

export interface SharedMemoryConnectOptions {
  readonly path: string;
  readonly limits?: Partial<RpcLimits>;
  /** Takes the calls that the server opens to this client. */
  readonly handler?: CallHandler;
  readonly pollMs?: number;
}

/**
 * Serves own frames through memory that is shared with processes of the same user, for the lowest
 * latency. Bun on Linux only.
 * @throws RpcError as `listenUnix`; unimplemented on another runtime or system.
 */
export async function listenSharedMemory(options: SharedMemoryListenOptions): Promise<Listener> {
  checkPlatform();
  const { path } = options;
  const sockets = await socketRuntime();
  await clearSocketPath(path, sockets);
  const connections = new FrameConnections(limitsWith(options.limits));
  const listener = await withMode(path, 0o600, () =>
    sockets.listen({ path }, (socket) => accept(socket, options, connections)),
  );
  return listenerOf(`shm:${path}`, async ({ graceMs } = {}) => {
    listener.close();
    await unlink(path).catch(() => {});
    await connections.close(graceMs);
  });
}

/** Connects with the first call, and again when the connection was lost. */
export function connectSharedMemory(options: SharedMemoryConnectOptions): DisposableTransport {
  checkPlatform();
  return new ReconnectingTransport({
    address: `shm:${options.path}`,
    limits: options.limits,
    dial: (signal) => dialSharedMemory(options, signal),
  });
}

/**
 * One connection, which is not made again when it is lost.
 * @throws Error of the runtime when nobody listens there; RpcError unavailable when the meeting fails.
 */
export async function dialSharedMemory(
  options: SharedMemoryConnectOptions,
  signal?: AbortSignal,
): Promise<Connection> {
  const { path } = options;
  const sockets = await socketRuntime();
  const met = Promise.withResolvers<Connection>();
  const limits = limitsWith(options.limits);
  const timer = setTimeout(() => {
    met.reject(new RpcError('unavailable', `${path} did not offer a ring in time`));
  }, limits.handshakeTimeoutMs);
  try {
    await sockets.dial(signal === undefined ? { path } : { path, signal }, (socket) =>
      clientHandler(socket, options, met),
    );
    return await met.promise;
  } finally {
    clearTimeout(timer);
  }
}

function accept(
  socket: ByteSocket,
  options: SharedMemoryListenOptions,
  connections: FrameConnections,
): SocketHandler {
  const handler = new RingHandler();
  if (!isOfThisUser(socket) || connections.refusal() !== undefined) {
    socket.destroy();
    return handler;
  }
  const limits = limitsWith(options.limits);
  const timer = setTimeout(() => socket.destroy(), limits.handshakeTimeoutMs);
  let file = '';
  handler.onFirst = () => {
    clearTimeout(timer);
    let link: RingLink;
    try {
      link = linkOf(socket, file, 'server', options.pollMs);
    } catch {
      // Somebody has touched the file.
      socket.destroy();
      return;
    }
    handler.link = link;
    void unlink(file).catch(() => {});
    link.connection = new FrameConnection({
      link,
      side: 'server',
      limits,
      peer: { transport: 'shared-memory', address: `shm:${options.path}` },
      handler: options.handler,
    });
    connections.add(link.connection);
    link.wake();
  };
  handler.onGone = () => {
    clearTimeout(timer);
    if (file !== '') void unlink(file).catch(() => {});
  };
  void createRingFile().then((created) => {
    file = created;
    socket.write(new TextEncoder().encode(`${JSON.stringify({ file, ringBytes })}\n`));
  }, socket.destroy.bind(socket));
  return handler;
}

function clientHandler(
  socket: ByteSocket,
  options: SharedMemoryConnectOptions,
  met: PromiseWithResolvers<Connection>,
): SocketHandler {
  const handler = new RingHandler();
  if (!isOfThisUser(socket)) {
    // It could name any file of this user's, to be written into.
    socket.destroy();
    met.reject(new RpcError('permission_denied', `${options.path} belongs to another user`));
    return handler;
  }
  let greeting = '';
  handler.onFirst = (bytes) => {
    greeting += new TextDecoder().decode(bytes);
    if (!greeting.includes('\n') && greeting.length < maxGreetingBytes) return;
    try {
      const offer = JSON.parse(greeting) as { file?: unknown; ringBytes?: unknown };
      if (typeof offer.file !== 'string' || offer.ringBytes !== ringBytes) {
        throw new RpcError('unavailable', `${options.path} offers a ring of another version`);
      }
      const link = linkOf(socket, offer.file, 'client', options.pollMs);
      handler.link = link;
      const connection = new FrameConnection({
        link,
        side: 'client',
        limits: limitsWith(options.limits),
        peer: { transport: 'shared-memory', address: `shm:${options.path}` },
        ...(options.handler === undefined ? {} : { handler: options.handler }),
      });
      link.connection = connection;
      socket.write(new Uint8Array([1]));
      link.wake();
      met.resolve(connection);
    } catch (cause) {
      socket.destroy();
      met.reject(cause instanceof RpcError ? cause : meetingFailed(options.path, cause));
    }
  };
  handler.onGone = () => met.reject(meetingFailed(options.path, undefined));
  return handler;
}

/** What the socket is told, before and after the rings are there. */
class RingHandler implements SocketHandler {
  link: RingLink | undefined;
  onFirst: ((bytes: Uint8Array) => void) | undefined;
  onGone: (() => void) | undefined;

  onData(bytes: Uint8Array): void {
    if (this.link === undefined) this.onFirst?.(bytes);
    else this.link.wake();
  }

  onDrain(): void {}

  onClose(error?: Error): void {
    this.onGone?.();
    if (error === undefined) this.link?.closed();
    else this.link?.closed(new RpcError('unavailable', error.message, { cause: error }));
  }
}

function linkOf(
  socket: ByteSocket,
  file: string,
  side: 'client' | 'server',
  pollMs = defaultPollMs,
): RingLink {
  const memory = Bun.mmap(file, { shared: true });
  if (memory.length !== ringFileBytes(ringBytes)) throw new Error(`${file} has another size`);
  const toServer = new Ring(memory, 0, ringBytes);
  const toClient = new Ring(memory, 1, ringBytes);
  return side === 'server'
    ? new RingLink(socket, toServer, toClient, pollMs)
    : new RingLink(socket, toClient, toServer, pollMs);
}

/** In memory, where the system has such a place; only this user can open it. */
async function createRingFile(): Promise<string> {
  const inMemory = '/dev/shm';
  const folder = await access(inMemory, constants.W_OK).then(
    () => inMemory,
    () => tmpdir(),
  );
  const path = join(folder, `zrpc-${randomUUID()}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.truncate(ringFileBytes(ringBytes));
  } finally {
    await file.close();
  }
  return path;
}

function isOfThisUser({ descriptor }: ByteSocket): boolean {
  const user = descriptor === undefined ? undefined : peerCredentials(descriptor)?.uid;
  return user !== undefined && user === process.getuid?.();
}

function meetingFailed(path: string, cause: unknown): RpcError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new RpcError('unavailable', `${path} did not share its memory${reason}`, { cause });
}

function checkPlatform(): void {
  if ('Bun' in globalThis && process.platform === 'linux') return;
  throw new RpcError('unimplemented', 'shared memory needs Bun on Linux');
}
