import { dlopen, FFIType, ptr } from 'bun:ffi';
import { closeSync, constants, openSync } from 'node:fs';

/** `linux/if_tun.h`. */
const setInterface = 0x400454ca;
const withoutPacketInformation = 0x1001;
const interfaceRequestBytes = 40;
const maxPacketBytes = 65_536;

const symbols = {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
  read: { args: [FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
  write: { args: [FFIType.i32, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
} as const;

/** A network interface whose cable is this process: IP packets are read from it and written to it. */
export class TunnelEnd {
  readonly name: string;
  readonly #descriptor: number;
  readonly #buffer = new Uint8Array(maxPacketBytes);

  /** @throws Error of the system, where this process may not make one. */
  constructor(name: string) {
    this.name = name;
    this.#descriptor = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    const request = new Uint8Array(interfaceRequestBytes);
    request.set(new TextEncoder().encode(name));
    new DataView(request.buffer).setUint16(16, withoutPacketInformation, true);
    if (libc().ioctl(this.#descriptor, setInterface, ptr(request)) === 0) return;
    this.close();
    throw new Error(`the system refuses the tunnel ${name}: it takes CAP_NET_ADMIN`);
  }

  /** The next packet that the system sends through it, a copy; undefined: there is none now. */
  read(): Uint8Array | undefined {
    const count = Number(libc().read(this.#descriptor, ptr(this.#buffer), maxPacketBytes));
    return count > 0 ? this.#buffer.slice(0, count) : undefined;
  }

  /** Gives a packet to the system as if it had come over the cable. */
  write(packet: Uint8Array): void {
    libc().write(this.#descriptor, ptr(packet), packet.length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

let library: ReturnType<typeof dlopen<typeof symbols>> | undefined;

function libc(): ReturnType<typeof dlopen<typeof symbols>>['symbols'] {
  library ??= dlopen('libc.so.6', symbols);
  return library.symbols;
}
