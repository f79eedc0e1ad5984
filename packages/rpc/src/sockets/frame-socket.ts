import { FrameConnection } from '../frames/frame-connection.ts';
import type { FrameConnectionOptions } from '../frames/frame-connection-options.ts';
import { RpcError } from '../rpc-error.ts';
import type { ByteSocket, SocketHandler } from './socket.ts';

/** The own frames over a socket: the connection, and what the socket is to tell. */
export function frameSocket(
  socket: ByteSocket,
  options: Omit<FrameConnectionOptions, 'link'>,
): { connection: FrameConnection; handler: SocketHandler } {
  const connection = new FrameConnection({ ...options, link: socket });
  return { connection, handler: new FrameSocketHandler(connection) };
}

class FrameSocketHandler implements SocketHandler {
  readonly #connection: FrameConnection;

  constructor(connection: FrameConnection) {
    this.#connection = connection;
  }

  onData(bytes: Uint8Array): void {
    this.#connection.receive(bytes);
  }

  onDrain(): void {
    this.#connection.linkDrained();
  }

  onClose(error?: Error): void {
    if (error === undefined) this.#connection.linkClosed();
    else {
      const message = `the connection to ${this.#connection.peer.address} broke: ${error.message}`;
      this.#connection.linkClosed(new RpcError('unavailable', message, { cause: error }));
    }
  }
}
