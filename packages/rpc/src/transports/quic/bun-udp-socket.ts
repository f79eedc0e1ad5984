import { dlopen, FFIType, ptr } from 'bun:ffi';
import { closeSync, existsSync, openSync, readlinkSync } from 'node:fs';

/** What the kernel holds of datagrams that were not read; it gives less where `rmem_max` is less. */
const receiveBufferBytes = 4 * 1024 * 1024;

/**
 * On Linux. SOL_SOCKET and SO_RCVBUF; SOL_IP and IP_RECVERR, SOL_IPV6 and IPV6_RECVERR (socket(7),
 * ip(7), ipv6(7)).
 */
const options: readonly (readonly [level: number, option: number, value: number])[] = [
  [1, 8, receiveBufferBytes],
  [0, 11, 0],
  [41, 25, 0],
];

/** How many descriptors after the lowest free one are looked at. */
const triedDescriptors = 8;

const symbols = {
  setsockopt: {
    args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
    returns: FFIType.i32,
  },
} as const;

/**
 * Runs `bind`, which makes a UDP socket before it returns, and sets on that socket what Bun 1.4.5 has
 * no way to:
 *
 * - a receive buffer that has room for what comes while the process does something else. The
 *   kernel's default holds some 100 packets, fewer than the calls of a few milliseconds;
 * - no reports of ICMP errors. Bun asks for them, and one that says that some peer's port is closed
 *   fails the next send, to whatever peer, after which the QUIC engine sends nothing to anybody for
 *   a second: a client that is killed would stop the server for all others.
 *
 * Where the C library or `/proc` is not to be had, nothing changes.
 *
 * Source: https://github.com/oven-sh/bun/pull/35255, which mends the second for `fetch`.
 */
export function withTunedSocket<T>(bind: () => T): T {
  if (process.platform !== 'linux') return bind();
  const free = freeDescriptors();
  const result = bind();
  for (const descriptor of free) if (isSocket(descriptor)) tune(descriptor);
  return result;
}

/** The kernel gives a new socket the lowest number that is free. */
function freeDescriptors(): number[] {
  const lowest = openSync('/dev/null', 'r');
  closeSync(lowest);
  return Array.from({ length: triedDescriptors }, (_, i) => lowest + i).filter(
    (descriptor) => !existsSync(`/proc/self/fd/${descriptor}`),
  );
}

function isSocket(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false;
  }
}

let library: ReturnType<typeof openLibrary>;

/** A socket of another kind, made meanwhile by another thread, does not have most of these options. */
function tune(descriptor: number): void {
  library ??= openLibrary();
  for (const [level, option, value] of options) {
    const bytes = new Int32Array([value]);
    library?.symbols.setsockopt(descriptor, level, option, ptr(bytes), bytes.byteLength);
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
