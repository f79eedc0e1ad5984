import { dlopen, FFIType, ptr } from 'bun:ffi';

/*
 * The few calls of the C library that no runtime has a function for. The layouts of `msghdr` and
 * `cmsghdr` are those of 64-bit Linux; elsewhere the functions answer undefined.
 */

/** The process at the other end of a Unix socket. */
export interface ProcessCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const solSocket = 1;
const soPeercred = 17;
const scmRights = 1;
const msgDontwait = 0x40;
const msgNosignal = 0x4000;
const msgCmsgCloexec = 0x40000000;
const messageHeaderBytes = 56;
const controlBytes = 24;
const controlLength = 20;

const symbols = {
  getsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
  sendmsg: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64 },
  recvmsg: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64 },
} as const;

type Libc = ReturnType<typeof dlopen<typeof symbols>>['symbols'];

let libc: Libc | undefined;

/**
 * Who is at the other end of this Unix socket, by `SO_PEERCRED` (unix(7)); undefined where the
 * system does not say.
 */
export function peerCredentials(descriptor: number): ProcessCredentials | undefined {
  if (process.platform !== 'linux') return undefined;
  const credentials = new Int32Array(3);
  const size = new Int32Array([credentials.byteLength]);
  const failed = openLibc().getsockopt(
    descriptor,
    solSocket,
    soPeercred,
    ptr(credentials),
    ptr(size),
  );
  if (failed !== 0) return undefined;
  const [pid = 0, uid = 0, gid = 0] = credentials;
  return { pid, uid, gid };
}

/**
 * Sends a file descriptor and some bytes over a Unix socket (`SCM_RIGHTS`, unix(7)). The receiver
 * gets a descriptor of its own. False: the system refused, or has no such thing.
 */
export function sendDescriptor(socket: number, descriptor: number, bytes: Uint8Array): boolean {
  if (process.platform !== 'linux') return false;
  const message = new DescriptorMessage(bytes);
  message.setDescriptor(descriptor);
  return Number(openLibc().sendmsg(socket, message.pointer, msgNosignal)) === bytes.length;
}

/**
 * Receives what `sendDescriptor` sends: fills `bytes`. Undefined when nothing is there yet, and when
 * what is there has no descriptor. The descriptor is closed on exec.
 */
export function receiveDescriptor(socket: number, bytes: Uint8Array): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const message = new DescriptorMessage(bytes);
  const flags = msgDontwait | msgCmsgCloexec;
  const received = Number(openLibc().recvmsg(socket, message.pointer, flags));
  return received === bytes.length ? message.descriptor : undefined;
}

/** `struct msghdr` with one buffer and room for one descriptor. */
class DescriptorMessage {
  // Kept, since the system reads them through addresses only.
  readonly #bytes: Uint8Array;
  readonly #header = new DataView(new ArrayBuffer(messageHeaderBytes));
  readonly #vector = new DataView(new ArrayBuffer(16));
  readonly #control = new DataView(new ArrayBuffer(controlBytes));

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#vector.setBigUint64(0, BigInt(ptr(this.#bytes)), true);
    this.#vector.setBigUint64(8, BigInt(bytes.length), true);
    this.#header.setBigUint64(16, BigInt(ptr(this.#vector)), true);
    this.#header.setBigUint64(24, 1n, true);
    this.#header.setBigUint64(32, BigInt(ptr(this.#control)), true);
    this.#header.setBigUint64(40, BigInt(controlBytes), true);
  }

  get pointer(): ReturnType<typeof ptr> {
    return ptr(this.#header);
  }

  setDescriptor(descriptor: number): void {
    this.#control.setBigUint64(0, BigInt(controlLength), true);
    this.#control.setInt32(8, solSocket, true);
    this.#control.setInt32(12, scmRights, true);
    this.#control.setInt32(16, descriptor, true);
  }

  get descriptor(): number | undefined {
    const isDescriptor =
      this.#header.getBigUint64(40, true) >= BigInt(controlLength) &&
      this.#control.getInt32(8, true) === solSocket &&
      this.#control.getInt32(12, true) === scmRights;
    return isDescriptor ? this.#control.getInt32(16, true) : undefined;
  }
}

function openLibc(): Libc {
  if (libc !== undefined) return libc;
  try {
    libc = dlopen('libc.so.6', symbols).symbols;
  } catch {
    libc = dlopen('libc.so', symbols).symbols;
  }
  return libc;
}
