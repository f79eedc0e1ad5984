import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { errorCode, frameFlag, frameType } from './frame.ts';
import { EchoListener, isAlive } from './testing/echo-listener.ts';
import { frame, message, requestHeaders } from './testing/raw-peer.ts';

/*
 * Requests that HTTP/2 has nothing against, but gRPC has: they end by a status, and the connection
 * goes on.
 */

const { data } = frameType;
const { endStream } = frameFlag;

let server: EchoListener;

beforeAll(async () => {
  server = await EchoListener.start({ maxMetadataBytes: 4_096, maxMessageBytes: 10_000 });
});

afterAll(async () => {
  await server.close();
});

describe('calls that are refused by status', () => {
  async function answerTo(
    fields: Readonly<Record<string, string>>,
    body: Buffer = Buffer.alloc(0),
  ): Promise<Record<string, string> | undefined> {
    const peer = await server.connect();
    peer.send(peer.request(1, fields), frame(data, endStream, 1, body));
    let answer = await peer.headers(1);
    if (answer !== undefined && answer['grpc-status'] === undefined) answer = await peer.headers(1);
    expect(await isAlive(peer)).toBe(true);
    return answer;
  }

  test('a wrong content type is 415, another method than POST 405', async () => {
    for (const type of ['application/json', 'application/grpc-web', 'application/grpc+json', '']) {
      const answer = await answerTo({ ...requestHeaders, 'content-type': type });
      expect(answer?.[':status']).toBe('415');
    }
    expect((await answerTo({ ...requestHeaders, ':method': 'GET' }))?.[':status']).toBe('405');
  });

  test('content types with parameters are taken', async () => {
    for (const type of ['application/grpc;a=b', 'application/grpc+proto', 'Application/gRPC ; x']) {
      const answer = await answerTo({ ...requestHeaders, 'content-type': type });
      expect(answer?.['grpc-status']).toBe('0');
    }
  });

  test('a timeout, metadata and compressions that cannot be read', async () => {
    for (const timeout of ['', '1', 'm', '123456789m', '1x', '-1S', '1.5S']) {
      const answer = await answerTo({ ...requestHeaders, 'grpc-timeout': timeout });
      expect(answer?.['grpc-status']).toBe(timeout === '' ? '0' : '3');
    }
    expect((await answerTo({ ...requestHeaders, 'x-bin': '!' }))?.['grpc-status']).toBe('3');
    const unknown = await answerTo({ ...requestHeaders, 'grpc-encoding': 'br' });
    expect(unknown?.['grpc-status']).toBe('12');
    expect(unknown?.['grpc-accept-encoding']).toBe('gzip,zstd');
  });

  test('metadata above the limit is resource_exhausted', async () => {
    const answer = await answerTo({ ...requestHeaders, large: 'x'.repeat(4_096) });
    expect(answer?.['grpc-status']).toBe('8');
  });

  test('messages that are cut off, too long, or compressed in a way nobody named', async () => {
    expect((await answerTo(requestHeaders, message('x').subarray(0, 3)))?.['grpc-status']).toBe(
      '13',
    );
    expect((await answerTo(requestHeaders, message('xyz').subarray(0, 6)))?.['grpc-status']).toBe(
      '13',
    );
    expect((await answerTo(requestHeaders, message('x', 1)))?.['grpc-status']).toBe('13');
    expect((await answerTo(requestHeaders, message('x', 7)))?.['grpc-status']).toBe('13');
    const tooLong = message(Buffer.alloc(10_001));
    expect((await answerTo(requestHeaders, tooLong))?.['grpc-status']).toBe('8');
    const bomb = { ...requestHeaders, 'grpc-encoding': 'gzip' };
    const zipped = message(Bun.gzipSync(new Uint8Array(1_000_000)), 1);
    expect((await answerTo(bomb, zipped))?.['grpc-status']).toBe('8');
    expect((await answerTo(bomb, message('not gzip', 1)))?.['grpc-status']).toBe('13');
  });

  test('what comes after an early answer is dropped', async () => {
    const peer = await server.connect();
    peer.send(peer.request(1, { ...requestHeaders, ':path': '/test.Service/Fail' }));
    expect((await peer.headers(1))?.['grpc-status']).toBe('5');
    expect(await peer.reset(1)).toBe(errorCode.noError);
    peer.send(frame(data, 0, 1, message('late')), frame(data, endStream, 1));
    expect(await isAlive(peer)).toBe(true);
  });
});
