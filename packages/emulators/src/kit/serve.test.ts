import { afterEach, describe, expect, jest, test } from 'bun:test';
import { connect } from 'node:net';
import type { EmulatorOptions, Fault } from './emulator.ts';
import { type EmulatorDefinition, type Reply, serveEmulator } from './serve.ts';

const streamed: Reply = {
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  records: ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'],
};
const whole: Reply = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '{"whole":true}',
};

const definition: EmulatorDefinition = {
  name: 'toy',
  handle: async (request) => {
    if (request.path === '/broken') throw new Error('a defect of the emulator');
    return request.path === '/whole' ? whole : streamed;
  },
  error: (status, message) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: message }),
  }),
  errorRecord: (message) => `event: error\ndata: ${message}\n\n`,
};

/** Sends one request on a bare socket and collects what arrives, chunk by chunk. */
async function raw(options: EmulatorOptions, fault?: Fault, path = '/stream') {
  await using emulator = serveEmulator(definition, options);
  if (fault) emulator.faults.push(fault);
  const chunks: string[] = [];
  const ended = await new Promise<'complete' | 'broken'>((resolve) => {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1');
    socket.on('data', (data) => {
      chunks.push(data.toString());
      if (chunks.join('').endsWith('\r\n0\r\n\r\n')) resolve('complete');
    });
    socket.on('error', () => resolve('broken'));
    socket.on('close', () => resolve('broken'));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: toy\r\n\r\n`);
  });
  return { chunks, text: chunks.join(''), ended };
}

/** Waits for a condition that an event on the server's side makes true. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** With fake timers: time goes on by `ms`, and that is when the one timer of the emulator is due. */
async function dueAfter(ms: number): Promise<void> {
  await until(() => jest.getTimerCount() === 1);
  jest.advanceTimersByTime(ms - 1);
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(1);
  expect(jest.getTimerCount()).toBe(0);
}

afterEach(() => {
  jest.useRealTimers();
});

describe('serveEmulator', () => {
  test('answers and records what came in', async () => {
    await using emulator = serveEmulator(definition, {});
    const response = await fetch(`${emulator.url}/whole?x=1`, { method: 'POST', body: 'hello' });
    expect(await response.json()).toEqual({ whole: true });
    const [request] = emulator.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/whole' });
    expect(new TextDecoder().decode(request!.body)).toBe('hello');
    expect(request!.abortedAt).toBeUndefined();
  });

  test('keeps the newest 1,000 requests', async () => {
    await using emulator = serveEmulator(definition, {});
    for (let index = 0; index < 1_002; index++) await fetch(`${emulator.url}/${index}`);
    expect(emulator.requests).toHaveLength(1_000);
    expect(emulator.requests[0]!.path).toBe('/2');
  });

  test('refuses a path that is not percent-encoding', async () => {
    await using emulator = serveEmulator(definition, {});
    expect((await fetch(`${emulator.url}/%zz`)).status).toBe(400);
  });

  test('tells a defect of its own as a 500 that names it', async () => {
    await using emulator = serveEmulator(definition, {});
    const response = await fetch(`${emulator.url}/broken`);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('a defect of the emulator');
  });

  test('cuts the answer into chunks that arrive apart', async () => {
    const { chunks, text, ended } = await raw({ chunkBytes: 2 });
    expect(ended).toBe('complete');
    expect(chunks.length).toBeGreaterThan(5);
    expect(text).toContain('\r\n2\r\nda\r\n2\r\nta\r\n');
  });

  test('waits between records', async () => {
    jest.useFakeTimers();
    const answer = raw({ recordDelayMs: 20 });
    await dueAfter(20);
    await dueAfter(20);
    expect((await answer).ended).toBe('complete');
  });
});

describe('faults', () => {
  test('each is used up by one request, in order', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'status', status: 503 }, { kind: 'html', status: 502 });
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await fetch(emulator.url)).status);
    expect(statuses).toEqual([503, 502, 200]);
  });

  test('status: the own error shape, with retry-after', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'status', status: 429, retryAfterSeconds: 7, message: 'slow' });
    const response = await fetch(emulator.url);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toEqual({ error: 'slow' });
  });

  test('html: a page', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'html', status: 502 });
    const response = await fetch(emulator.url);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(await response.text()).toStartWith('<html>');
  });

  test('garbage: a 200 of the expected type that cannot be read', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'garbage' });
    const response = await fetch(`${emulator.url}/whole`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    await expect(response.json()).rejects.toThrow();
  });

  test('error-event: an error record ends the stream after so many records', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'error-event', afterRecords: 1 });
    const response = await fetch(emulator.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('data: 1\n\nevent: error\ndata: emulated failure\n\n');
  });

  test('error-event: an error answer where there is no stream', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'error-event', afterRecords: 1 });
    expect((await fetch(`${emulator.url}/whole`)).status).toBe(500);
  });

  test.each([
    [0, ''],
    [2, 'data: 2'],
    [9, 'data: 3'],
  ])('cut: the connection closes after %i records, before the end is told', async (after, last) => {
    const { text, ended } = await raw({}, { kind: 'cut', afterRecords: after });
    expect(ended).toBe('broken');
    expect(text).toContain(last);
    expect(text).not.toContain(`data: ${after + 1}`);
  });

  test('cut: a whole answer breaks in its middle', async () => {
    const { text, ended } = await raw({}, { kind: 'cut', afterRecords: 1 }, '/whole');
    expect(ended).toBe('broken');
    expect(text).toContain('{"whol');
    expect(text).not.toContain('true}');
  });

  test('delay: the answer begins later', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'delay', ms: 30 });
    jest.useFakeTimers();
    const answer = fetch(emulator.url);
    await dueAfter(30);
    expect((await answer).status).toBe(200);
  });

  test('silence: no answer until the client leaves, which is recorded', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'silence' });
    const leaving = new AbortController();
    const call = fetch(emulator.url, { signal: leaving.signal });
    await until(() => emulator.requests.length === 1);
    leaving.abort();
    await expect(call).rejects.toThrow();
    await until(() => emulator.requests[0]!.abortedAt !== undefined);
  });

  test('silence: none after so many records until the client leaves', async () => {
    await using emulator = serveEmulator(definition, {});
    emulator.faults.push({ kind: 'silence', afterRecords: 1 });
    const leaving = new AbortController();
    const response = await fetch(emulator.url, { signal: leaving.signal });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n');
    expect(emulator.requests[0]!.abortedAt).toBeUndefined();
    leaving.abort();
    await until(() => emulator.requests[0]!.abortedAt !== undefined);
  });

  test('a client that leaves a paced stream is recorded', async () => {
    await using emulator = serveEmulator(definition, { recordDelayMs: 30 });
    const leaving = new AbortController();
    const response = await fetch(emulator.url, { signal: leaving.signal });
    await response.body!.getReader().read();
    leaving.abort();
    await until(() => emulator.requests[0]!.abortedAt !== undefined);
  });
});
