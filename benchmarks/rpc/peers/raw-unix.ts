import { unlinkSync } from 'node:fs';
import type { Socket } from 'bun';
import type { BenchmarkClient, Peer } from './peer.ts';

/*
 * Bytes there and back between two processes on Bun, both asking again and again: what the runtime
 * leaves of the floor in C.
 */

/** Bytes over a Unix socket, with a busy poll on both sides and no framework. */
export const rawUnixBusy: Peer = { serve, connect };

async function serve(path: string): Promise<void> {
  try {
    unlinkSync(path);
  } catch {
    // There is none yet.
  }
  Bun.listen({
    unix: path,
    socket: {
      data(socket, bytes) {
        socket.write(bytes);
      },
    },
  });
  spin();
}

async function connect(path: string): Promise<BenchmarkClient> {
  let expected = 0;
  let done: (() => void) | undefined;
  const socket: Socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, bytes) {
        expected -= bytes.length;
        if (expected <= 0) done?.();
      },
    },
  });
  spin();
  const messages = new Map<number, Uint8Array>();
  return {
    unary(bytes) {
      const message = messages.get(bytes) ?? new Uint8Array(bytes);
      messages.set(bytes, message);
      expected = bytes;
      return new Promise((resolve) => {
        done = resolve;
        socket.write(message);
      });
    },
    download: () => Promise.reject(new Error('raw bytes only')),
    async close() {
      socket.end();
    },
  };
}

function spin(): void {
  const turn = () => {
    setImmediate(turn);
  };
  turn();
}
