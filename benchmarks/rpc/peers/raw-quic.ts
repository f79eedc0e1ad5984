import { createPrivateKey } from 'node:crypto';
import { certificate } from './certificate.ts';
import type { BenchmarkClient, Peer } from './peer.ts';

/*
 * Bytes there and back on one long-lived stream of `node:quic`, with no framework: the floor of our
 * transport over QUIC. Only what is used of the module is typed, since it is experimental.
 */

interface RawStream extends AsyncIterable<Uint8Array[]> {
  readonly writer: { writeSync(bytes: Uint8Array): boolean };
  highWaterMark: number;
}

interface RawSession {
  onerror: (() => void) | undefined;
  onstream: ((stream: RawStream) => void) | undefined;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
  createBidirectionalStream(): Promise<RawStream>;
  destroy(): void;
}

interface RawQuic {
  readonly QuicEndpoint: new (options: object) => object;
  readonly listen: (onSession: (session: RawSession) => void, options: object) => Promise<unknown>;
  connect(address: object, options: object): Promise<RawSession>;
}

const protocol = 'raw';
const queueBytes = 1024 * 1024;

/** Raw `node:quic`. */
export const rawQuic: Peer = { serve, connect };

async function serve(address: string): Promise<void> {
  const { cert, key } = certificate();
  const { QuicEndpoint, listen } = quic();
  await listen(
    (session) => {
      session.onerror = () => {};
      session.closed.catch(() => {});
      session.opened.catch(() => {});
      session.onstream = (stream) => void echo(stream);
    },
    {
      endpoint: new QuicEndpoint({ address }),
      alpn: [protocol],
      sni: { '*': { keys: [createPrivateKey(key)], certs: [new TextEncoder().encode(cert)] } },
    },
  );
}

async function echo(stream: RawStream): Promise<void> {
  stream.highWaterMark = queueBytes;
  for await (const batch of stream) for (const bytes of batch) stream.writer.writeSync(bytes);
}

async function connect(address: string): Promise<BenchmarkClient> {
  const [host, port] = address.split(':');
  const session = await quic().connect(
    { address: host, port: Number(port), family: 'ipv4' },
    { alpn: protocol, servername: 'localhost', ca: [new TextEncoder().encode(certificate().cert)] },
  );
  session.onerror = () => {};
  session.closed.catch(() => {});
  await session.opened;
  const stream = await session.createBidirectionalStream();
  stream.highWaterMark = queueBytes;
  const waiting: { left: number; done: () => void }[] = [];
  void read(stream, waiting);
  const messages = new Map<number, Uint8Array>();
  return {
    unary(bytes) {
      const message = messages.get(bytes) ?? new Uint8Array(bytes);
      messages.set(bytes, message);
      return new Promise((done) => {
        waiting.push({ left: bytes, done });
        stream.writer.writeSync(message);
      });
    },
    download: () => Promise.reject(new Error('raw bytes only')),
    async close() {
      session.destroy();
    },
  };
}

/** Answers come in the order of the calls. */
async function read(
  stream: RawStream,
  waiting: { left: number; done: () => void }[],
): Promise<void> {
  for await (const batch of stream) {
    for (const bytes of batch) {
      let rest = bytes.length;
      while (rest > 0) {
        const first = waiting[0];
        if (first === undefined) return;
        const taken = Math.min(rest, first.left);
        first.left -= taken;
        rest -= taken;
        if (first.left > 0) break;
        waiting.shift();
        first.done();
      }
    }
  }
}

function quic(): RawQuic {
  return process.getBuiltinModule('node:quic') as unknown as RawQuic;
}
