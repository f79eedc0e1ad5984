import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { RpcError } from '../../rpc-error.ts';
import {
  type ByteSocket,
  type SocketHandler,
  type SocketListener,
  socketRuntime,
} from '../../sockets/socket.ts';
import { type UnixAccess, type UnixUsers, unixUsers } from '../../sockets/unix-users.ts';
import { clearSocketPath, withMode } from './socket-file.ts';

/*
 * File descriptors go beside the calls, over a socket of their own: what reads the calls' socket
 * would throw them away. The sender gets an id back, and sends that in its call.
 */

/** `bun-libc.ts`, which no other runtime can load. */
type Libc = typeof import('../../sockets/bun-libc.ts');

const idBytes = 16;
/** Between two looks at a socket whose descriptor has not come yet. */
const lookAgainMs = 2;

export interface DescriptorInboxOptions extends UnixAccess {
  /** Of the socket for descriptors; not that of the calls. */
  readonly path: string;
  /** Descriptors that wait to be taken. More are closed. Default 64. */
  readonly maxWaiting?: number;
  /** How long one waits to be taken, and a sender to send it, in milliseconds. Default 10,000. */
  readonly keepMs?: number;
}

/** Receives descriptors from processes on the same machine. Bun on Linux only. */
export interface DescriptorInbox {
  /**
   * The descriptor with the id that a call named, which is the caller's to close. It may come after
   * the call.
   * @throws RpcError deadline_exceeded when it has not come within `keepMs`; unavailable when the
   * inbox is closed first.
   */
  take(id: string): Promise<number>;
  /** Closes the socket and every descriptor that was not taken. */
  close(): Promise<void>;
}

/** @throws RpcError as `listenUnix`; unimplemented on another runtime or system. */
export async function listenDescriptors(options: DescriptorInboxOptions): Promise<DescriptorInbox> {
  const libc = await loadLibc();
  const { path } = options;
  const sockets = await socketRuntime();
  await clearSocketPath(path, sockets);
  const inbox = new Inbox(options, libc, await unixUsers(path, options));
  inbox.listener = await withMode(path, options.mode ?? 0o600, () =>
    sockets.listen({ path }, (socket) => inbox.accept(socket)),
  );
  return inbox;
}

/**
 * Sends a descriptor to the inbox at `path`. The receiver gets its own; this side's stays open.
 * @returns the id to name it by in a call.
 * @throws RpcError unavailable when it cannot be sent.
 */
export async function passDescriptor(path: string, descriptor: number): Promise<string> {
  const { sendDescriptor } = await loadLibc();
  const sockets = await socketRuntime();
  const id = randomBytes(idBytes);
  const sent = Promise.withResolvers<boolean>();
  await sockets
    .dial({ path }, (socket) => {
      sent.resolve(
        socket.descriptor !== undefined && sendDescriptor(socket.descriptor, descriptor, id),
      );
      socket.end();
      return deaf;
    })
    .catch((cause: unknown) => {
      throw new RpcError('unavailable', `nobody takes descriptors at ${path}`, { cause });
    });
  if (await sent.promise) return id.toString('hex');
  throw new RpcError('unavailable', `descriptor ${descriptor} could not be sent to ${path}`);
}

const deaf: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

/** A call that waits for its descriptor. */
interface Wanted {
  readonly resolve: (descriptor: number) => void;
  readonly reject: (error: RpcError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

class Inbox implements DescriptorInbox {
  listener: SocketListener | undefined;
  readonly #options: DescriptorInboxOptions;
  readonly #libc: Libc;
  readonly #users: UnixUsers;
  readonly #keepMs: number;
  readonly #came = new Map<string, { descriptor: number; timer: ReturnType<typeof setTimeout> }>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #senders = new Set<ByteSocket>();

  constructor(options: DescriptorInboxOptions, libc: Libc, users: UnixUsers) {
    this.#options = options;
    this.#libc = libc;
    this.#users = users;
    this.#keepMs = options.keepMs ?? 10_000;
  }

  accept(socket: ByteSocket): SocketHandler {
    // Paused before anything was read, so that nothing but `recvmsg` reads from it.
    socket.pause();
    const { descriptor } = socket;
    const isStranger = this.#users.refusal(this.#users.processOf(socket)) !== undefined;
    const isFull = this.#senders.size + this.#came.size >= (this.#options.maxWaiting ?? 64);
    if (descriptor === undefined || isStranger || isFull) {
      socket.destroy();
      return deaf;
    }
    this.#senders.add(socket);
    this.#read(socket, descriptor, performance.now() + this.#keepMs);
    return { onData() {}, onDrain() {}, onClose: () => this.#senders.delete(socket) };
  }

  take(id: string): Promise<number> {
    const here = this.#came.get(id);
    if (here !== undefined) {
      clearTimeout(here.timer);
      this.#came.delete(id);
      return Promise.resolve(here.descriptor);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wanted.delete(id);
        const message = `no descriptor with the id ${id} came within ${this.#keepMs} ms`;
        reject(new RpcError('deadline_exceeded', message));
      }, this.#keepMs);
      this.#wanted.set(id, { resolve, reject, timer });
    });
  }

  async close(): Promise<void> {
    this.listener?.close();
    for (const sender of this.#senders) sender.destroy();
    for (const { descriptor, timer } of this.#came.values()) {
      clearTimeout(timer);
      closeSync(descriptor);
    }
    this.#came.clear();
    for (const { reject, timer } of this.#wanted.values()) {
      clearTimeout(timer);
      reject(new RpcError('unavailable', 'the inbox was closed'));
    }
    this.#wanted.clear();
    await unlink(this.#options.path).catch(() => {});
  }

  /** The sender has connected, and may not have sent yet. */
  #read(socket: ByteSocket, descriptor: number, until: number): void {
    if (!this.#senders.has(socket)) return;
    const id = new Uint8Array(idBytes);
    const received = this.#libc.receiveDescriptor(descriptor, id);
    if (received === undefined && performance.now() < until) {
      setTimeout(() => this.#read(socket, descriptor, until), lookAgainMs);
      return;
    }
    this.#senders.delete(socket);
    socket.destroy();
    if (received !== undefined) this.#arrived(Buffer.from(id).toString('hex'), received);
  }

  #arrived(id: string, descriptor: number): void {
    const wanted = this.#wanted.get(id);
    if (wanted !== undefined) {
      this.#wanted.delete(id);
      clearTimeout(wanted.timer);
      wanted.resolve(descriptor);
      return;
    }
    const timer = setTimeout(() => {
      this.#came.delete(id);
      closeSync(descriptor);
    }, this.#keepMs);
    this.#came.set(id, { descriptor, timer });
  }
}

async function loadLibc(): Promise<Libc> {
  if ('Bun' in globalThis && process.platform === 'linux') {
    return await import('../../sockets/bun-libc.ts');
  }
  throw new RpcError('unimplemented', 'descriptors can be passed by Bun on Linux only');
}
