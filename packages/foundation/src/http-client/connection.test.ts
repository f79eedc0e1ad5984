import { expect, test } from 'bun:test';
import { Connection, type ConnectionOwner, type RawSocket } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { Exchange } from './exchange.ts';
import { targetOf } from './request-text.ts';

/** A socket that notes what is asked of it and takes no more than it is told to. */
class NotedSocket implements RawSocket {
  readonly notes: string[] = [];
  written = '';
  takes = Number.POSITIVE_INFINITY;

  write(data: string | Bun.BufferSource): number {
    const bytes = Buffer.from(data as string);
    const taken = bytes.subarray(0, this.takes);
    this.written += taken.toString('latin1');
    return taken.length;
  }
  pause(): void {
    this.notes.push('pause');
  }
  resume(): void {
    this.notes.push('resume');
  }
  ref(): void {}
  unref(): void {}
  close(): void {
    this.notes.push('close');
  }
  terminate(): void {
    this.notes.push('terminate');
  }
}

const owner: ConnectionOwner = { free: () => {}, gone: () => {} };

function carry(raw: RawSocket, body?: string) {
  const url = 'http://127.0.0.1:1/';
  const pool = new ConnectionPool(targetOf(url), {
    connectTimeoutMs: 1,
    maxPerOrigin: 0,
    maxWaiting: 1,
    idleMs: 1,
    takeRoom: () => false,
    giveRoom: () => {},
  });
  const exchange = new Exchange({ url, method: 'POST', headers: {}, body }, targetOf(url), pool);
  const answered = exchange.send();
  const connection = new Connection(raw, owner);
  expect(connection.carry(exchange)).toBe(true);
  return { answered, connection };
}

test('a body that nobody reads holds its server up until all of it is read', async () => {
  const raw = new NotedSocket();
  const { answered, connection } = carry(raw);
  const piece = () => Buffer.alloc(100_000, 'x');
  connection.onBytes(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n'));
  const answer = await answered;
  connection.onBytes(piece());
  connection.onBytes(piece());
  expect(raw.notes).toEqual([]);
  connection.onBytes(piece());
  connection.onBytes(piece());
  expect(raw.notes).toEqual(['pause']);
  for (let i = 0; i < 3; i++) expect((answer.read() as Uint8Array).length).toBe(100_000);
  expect(raw.notes).toEqual(['pause']);
  expect((answer.read() as Uint8Array).length).toBe(100_000);
  expect(raw.notes).toEqual(['pause', 'resume']);
  const next = answer.read();
  connection.onBytes(piece());
  expect((await next)?.length).toBe(100_000);
  expect(answer.read()).toBeUndefined();
});

test('what is left unread when the answer ends does not hold up the next one', async () => {
  const raw = new NotedSocket();
  const { answered, connection } = carry(raw);
  connection.onBytes(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n'));
  const answer = await answered;
  connection.onBytes(Buffer.alloc(400_000, 'x'));
  connection.onBytes(Buffer.alloc(100_000, 'y'));
  expect(raw.notes).toEqual(['pause', 'resume']);
  expect([(answer.read() as Uint8Array).length, (answer.read() as Uint8Array).length]).toEqual([
    400_000, 100_000,
  ]);
  expect(answer.read()).toBeUndefined();
});

test('a request goes out whole, however little the system takes at once', () => {
  for (const body of ['short é', 'é'.repeat(70_000)]) {
    const raw = new NotedSocket();
    raw.takes = 9_001;
    const { connection } = carry(raw, body);
    for (let i = 0; i < 40; i++) connection.onDrain();
    expect(Buffer.from(raw.written, 'latin1').toString().split('\r\n\r\n')[1]).toBe(body);
  }
  const raw = new NotedSocket();
  raw.takes = 7;
  const { connection } = carry(raw, 'short é');
  for (let i = 0; i < 40; i++) connection.onDrain();
  expect(Buffer.from(raw.written, 'latin1').toString()).toEndWith('length: 8\r\n\r\nshort é');
});
