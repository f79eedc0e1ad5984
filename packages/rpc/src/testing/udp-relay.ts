import { createSocket, type Socket } from 'node:dgram';

/** What becomes of a datagram: `pass` it on, or `drop` it. */
export type RelayVerdict = 'pass' | 'drop';

/**
 * A relay before a UDP server, for one client: tests lose, count and hold back datagrams with it.
 */
export class UdpRelay {
  /** Asked for each datagram of the client, and of the server. */
  fromClient: (datagram: Uint8Array) => RelayVerdict = () => 'pass';
  fromServer: (datagram: Uint8Array) => RelayVerdict = () => 'pass';
  /** Where clients send to, on 127.0.0.1. */
  readonly port: number;
  readonly #outside: Socket;
  readonly #inside: Socket;

  private constructor(outside: Socket, inside: Socket, serverPort: number) {
    this.#outside = outside;
    this.#inside = inside;
    this.port = outside.address().port;
    let clientPort = 0;
    outside.on('message', (datagram, { port }) => {
      clientPort = port;
      if (this.fromClient(datagram) === 'pass') inside.send(datagram, serverPort, '127.0.0.1');
    });
    inside.on('message', (datagram) => {
      if (this.fromServer(datagram) === 'pass') outside.send(datagram, clientPort, '127.0.0.1');
    });
  }

  static async before(serverPort: number): Promise<UdpRelay> {
    const outside = await bound();
    return new UdpRelay(outside, await bound(), serverPort);
  }

  close(): void {
    this.#outside.close();
    this.#inside.close();
  }
}

/** A socket at a free port of 127.0.0.1. */
async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket;
}

/** Sends datagrams from a port that is closed right after. */
export async function sendDatagrams(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = await bound();
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) => {
      socket.send(datagram, port, '127.0.0.1', () => resolve());
    });
  }
  socket.close();
}
