import { dlopen, FFIType, ptr } from 'bun:ffi';
import { readdirSync, readlinkSync } from 'node:fs';

/** On Linux: SOL_IP and IP_RECVERR, SOL_IPV6 and IPV6_RECVERR (ip(7), ipv6(7)). */
const errorReports: readonly (readonly [level: number, option: number])[] = [
  [0, 11],
  [41, 25],
];

const symbols = {
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
} as const;

/**
 * Runs `bind`, which makes a UDP socket before it returns, and lets the kernel no longer report ICMP
 * errors on that socket.
 *
 * Bun 1.4.5 asks for these reports. One that says that some peer's port is closed then fails the
 * next send, to whatever peer, and the QUIC engine sends nothing to anybody for a second: a client
 * that is killed would stop the server for all others. Where the C library is not to be had, this
 * stays so.
 *
 * Source: https://github.com/oven-sh/bun/pull/35255, which mends the same for `fetch`.
 */
export function withoutErrorReports<T>(bind: () => T): T {
  if (process.platform !== 'linux') return bind();
  const before = openSockets();
  const result = bind();
  for (const [socket, descriptor] of openSockets()) {
    if (!before.has(socket)) ignoreErrors(descriptor);
  }
  return result;
}

/** By their names in the kernel, `socket:[4711]`, since a descriptor's number is used again. */
function openSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      if (target.startsWith('socket:')) sockets.set(target, Number(descriptor));
    } catch {
      // The descriptor by which the folder was read is closed again.
    }
  }
  return sockets;
}

let library: ReturnType<typeof openLibrary>;

/** What is no UDP socket does not have these options and stays as it is. */
function ignoreErrors(descriptor: number): void {
  library ??= openLibrary();
  const off = new Int32Array(1);
  for (const [level, option] of errorReports) {
    library?.symbols.setsockopt(descriptor, level, option, ptr(off), off.byteLength);
  }
}

function openLibrary(): ReturnType<typeof dlopen<typeof symbols>> | undefined {
  for (const name of ['libc.so.6', 'libc.so']) {
    try {
      return dlopen(name, symbols);
    } catch {
      // The other name is musl's.
    }
  }
  return undefined;
}
