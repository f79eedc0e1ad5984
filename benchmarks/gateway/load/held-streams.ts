import type { Socket } from 'bun';
import type { HoldJob } from './load-job.ts';

/** Connections that are opened at the same time. */
const wave = 100;

/** Clients that have the first record of a stream, and wait for more. */
export class HeldStreams {
  readonly #sockets: Socket<undefined>[] = [];
  #lost = 0;

  /** Opens streams, and says how many are open in all. Throws for an answer that is no stream. */
  async open({ port, request, streams }: HoldJob): Promise<number> {
    const bytes = Buffer.from(request);
    for (let opened = 0; opened < streams; opened += wave) {
      const count = Math.min(wave, streams - opened);
      await Promise.all(Array.from({ length: count }, () => this.#openOne(port, bytes)));
    }
    return this.#sockets.length - this.#lost;
  }

  /** Leaves all streams, and says how many of them were still open. */
  close(): number {
    const open = this.#sockets.length - this.#lost;
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.length = 0;
    this.#lost = 0;
    return open;
  }

  #openOne(port: number, request: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let text = '';
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => {
          // A request is smaller than what a new connection takes at once.
          if (socket.write(request) !== request.length)
            reject(new Error('a request went out in parts'));
        },
        data: (socket, bytes) => {
          if (text.includes('data: ')) return;
          text += bytes.toString('latin1');
          if (!text.includes('data: ')) return;
          if (!text.startsWith('HTTP/1.1 200 ')) {
            reject(new Error(`no stream: ${text.slice(0, 500)}`));
            return;
          }
          this.#sockets.push(socket);
          resolve();
        },
        close: () => {
          this.#lost++;
          reject(new Error(`a connection was closed: ${text.slice(0, 500)}`));
        },
        connectError: (_, error) => reject(error),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
    return promise;
  }
}
