import { dlopen, FFIType, ptr } from 'bun:ffi';

/** The process at the other end of a Unix socket. */
export interface ProcessCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const solSocket = 1;
const soPeercred = 17;

const symbols = {
  getsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
    returns: FFIType.i32,
  },
} as const;

let libc: ReturnType<typeof dlopen<typeof symbols>> | undefined;

/**
 * Who is at the other end of this Unix socket, by `SO_PEERCRED` (unix(7)); undefined where the
 * system does not say.
 */
export function peerCredentials(descriptor: number): ProcessCredentials | undefined {
  if (process.platform !== 'linux') return undefined;
  libc ??= openLibc();
  const credentials = new Int32Array(3);
  const size = new Int32Array([credentials.byteLength]);
  const failed = libc.symbols.getsockopt(
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

function openLibc(): ReturnType<typeof dlopen<typeof symbols>> {
  try {
    return dlopen('libc.so.6', symbols);
  } catch {
    return dlopen('libc.so', symbols);
  }
}
