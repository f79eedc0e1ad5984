import { expect, test } from 'bun:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { readAll } from './http-answer.ts';
import { HttpClient } from './http-client.ts';
import { scriptedServer } from './testing/scripted-server.ts';

const text = 'data: {"delta":"ein Wort nach dem anderen"}\n\n'.repeat(2_000);
const coders = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

/** What is read of an answer with this encoding and this body, or the code of the error. */
async function read(encoding: string, body: Buffer, maxBytes = 1e9): Promise<string> {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`;
  await using server = await scriptedServer((socket) => {
    socket.write(head);
    socket.write(body);
  });
  using http = new HttpClient({ fetch, environment: {} });
  const asked = http.send({ url: server.url, method: 'GET', headers: {} });
  const bytes = await asked
    .then((answer) => readAll(answer, maxBytes, () => new Error('over')))
    .catch((reason: Error & { code?: string }) => reason.code ?? reason.message);
  http[Symbol.dispose]();
  await server.allClosed();
  expect(http.openConnections).toBe(0);
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
}

for (const [encoding, encode] of Object.entries(coders)) {
  test(`${encoding} is decoded, and found out when it is something else`, async () => {
    const coded = encode(text);
    expect(await read(encoding.toUpperCase(), coded)).toBe(text);
    expect(await read(encoding, Buffer.from('not at all'))).toBe('HTTP_BAD_ANSWER');
    // Bun's zstd ends in silence where its input does.
    if (encoding === 'zstd') return;
    expect(await read(encoding, coded.subarray(0, coded.length / 2))).toBe('HTTP_BAD_ANSWER');
  });
}

test('identity is no encoding, and others are refused', async () => {
  expect(await read('identity', Buffer.from('plain'))).toBe('plain');
  expect(await read('compress', Buffer.from('x'))).toBe('HTTP_BAD_ANSWER');
  expect(await read('gzip, br', Buffer.from('x'))).toBe('HTTP_BAD_ANSWER');
});

test('a body that grows beyond reason is given up, and so is one over its limit', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  expect(await read('gzip', bomb)).toBe('HTTP_TOO_LARGE');
  expect(await read('gzip', gzipSync(text), 1_000)).toBe('over');
});
