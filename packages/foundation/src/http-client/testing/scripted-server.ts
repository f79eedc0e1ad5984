import { createServer, type Server, type Socket } from 'node:net';

/** A request as it came: its head's text, and how many came over this connection before it. */
export interface SeenRequest {
  readonly head: string;
  readonly body: string;
  readonly connection: number;
  readonly number: number;
}

/** Says what it is told to, byte by byte, and never reads more of HTTP than where a request ends. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Connections that were opened, and those of them that are open. */
  readonly opened: number;
  readonly open: number;
  /** Resolves when no connection is open. */
  allClosed(): Promise<void>;
}

/** Listens on loopback; `answer` is called when a request has come whole. */
export async function scriptedServer(
  answer: (socket: Socket, request: SeenRequest) => void,
  host = '127.0.0.1',
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  let whenNone: (() => void) | undefined;
  const server = createServer((socket) => {
    const connection = opened++;
    let number = 0;
    let text = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) whenNone?.();
    });
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = endOf(text); end >= 0; end = endOf(text)) {
        const [head = '', body = ''] = splitAt(text.slice(0, end));
        const request = { head, body, connection, number: number++ };
        text = text.slice(end);
        requests.push(request);
        answer(socket, request);
      }
    });
  });
  const port = await listen(server, host);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests,
    get opened() {
      return opened;
    },
    get open() {
      return sockets.size;
    },
    allClosed: () =>
      sockets.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            whenNone = resolve;
          }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

function endOf(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head)) ?? [];
  const end = head + 4 + Number(length);
  return text.length >= end ? end : -1;
}

function splitAt(text: string): string[] {
  const at = text.indexOf('\r\n\r\n');
  return [text.slice(0, at), text.slice(at + 4)];
}

/** An answer of this body with its length. */
export function plainAnswer(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}
