import { afterAll, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import { Watchdog } from '../routing/watchdog.ts';
import { readBody, readBodyBytes } from './read-body.ts';

const watchdog = new Watchdog();
const room = { limits: { maxBodyBytes: 8, bodyTimeoutMs: 20 }, watchdog };
afterAll(() => watchdog[Symbol.dispose]());

test('reads a body that fits, with and without a declared length', async () => {
  expect(await readBody(posted('12345678', { 'content-length': '8' }), room)).toBe('12345678');
  expect(await readBody(posted(streamOf('1234', '5678')), room)).toBe('12345678');
  expect(await readBodyBytes(posted(streamOf('12')), room)).toEqual(Buffer.from('12'));
});

test('refuses a body over the limit by its declared length and by what comes', async () => {
  const declared = posted('123456789', { 'content-length': '9' });
  expect(await errorOf(readBody(declared, room))).toMatchObject({ status: 413 });
  expect(await errorOf(readBody(posted(streamOf('1234', '56789')), room))).toMatchObject({
    status: 413,
    reason: 'request_too_large',
  });
});

test('refuses a compressed body, whatever reads it', async () => {
  for (const read of [readBody, readBodyBytes]) {
    const body = posted('12', { 'content-encoding': 'gzip' });
    expect(await errorOf(read(body, room))).toMatchObject({ status: 415 });
    expect(await read(posted('12', { 'content-encoding': 'identity' }), room)).toHaveLength(2);
  }
});

test('gives up on a body that does not come, with and without a declared length', async () => {
  const silent = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('1')) });
  for (const headers of [{}, { 'content-length': '8' }]) {
    expect(await errorOf(readBody(posted(silent(), headers), room))).toMatchObject({
      status: 408,
      reason: 'request_timeout',
    });
  }
});

function posted(body: string | ReadableStream, headers: Record<string, string> = {}) {
  return { request: new Request('http://127.0.0.1/', { method: 'POST', body, headers }) };
}

function streamOf(...chunks: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });
}

async function errorOf(promise: Promise<unknown>) {
  const reason = await promise.catch((error: unknown) => error);
  expect(reason).toBeInstanceOf(RpcError);
  return apiErrorInfo(reason as RpcError);
}
