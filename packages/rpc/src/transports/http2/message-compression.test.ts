import { afterAll, expect, test } from 'bun:test';
import { encodeMessage } from '../../codec/message-bytes.ts';
import type { CompressionName, Transport } from '../../core/call.ts';
import { createServer } from '../../core/server.ts';
import { WatchedServerCall } from '../../core/watched-call.ts';
import { Note, Notes } from '../../testing/note-service.ts';
import { testOpenOptions } from '../../testing/test-method.ts';
import { connectHttp2, dialHttp2 } from './connect-http2.ts';
import { listenHttp2 } from './listen-http2.ts';

/* Which messages of a call are compressed: chosen and seen one by one, on both sides. */

const long = 'x'.repeat(5_000);
/** Of the messages that reached the server, whether they came compressed. */
let received: (boolean | undefined)[] = [];

const server = createServer({
  interceptors: [(next) => (call) => next(new FlagWatcher(call))],
}).add(Notes, {
  echo({ text, number }, context) {
    if (number > 0) context.compress = number === 1;
    context.sendHeader({ 'x-early': 'yes' });
    return { text };
  },
  async *list({ text }, context) {
    for (const character of text) {
      context.compress = character === 'c';
      yield { text: character };
    }
  },
  async collect(notes) {
    let number = 0;
    for await (const note of notes) number += note.text.length;
    return { number };
  },
});
const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler: server.handler });
const connection = await dialHttp2({ url: listener.address });
afterAll(async () => {
  await connection.close();
  await listener.close({ graceMs: 0 });
});

class FlagWatcher extends WatchedServerCall {
  override onMessage(bytes: Uint8Array, compressed?: boolean): void {
    received.push(compressed);
    super.onMessage(bytes, compressed);
  }
}

interface Outgoing {
  readonly text: string;
  readonly number?: number;
  readonly compress?: boolean;
}

/** Whether each of the answers came compressed. */
function answers(
  transport: Transport,
  name: string,
  messages: readonly Outgoing[],
  compression?: CompressionName,
): Promise<(boolean | undefined)[]> {
  received = [];
  const method = Object.values(Notes.methods).find((one) => one.name === name);
  if (method === undefined) throw new Error(`there is no method ${name}`);
  const options = testOpenOptions(compression === undefined ? {} : { compression });
  return new Promise((resolve, reject) => {
    const flags: (boolean | undefined)[] = [];
    const call = transport.open(method, options, {
      onHeader() {},
      onMessage: (_bytes, compressed) => flags.push(compressed),
      onEnd: ({ error }) => (error === undefined ? resolve(flags) : reject(error)),
      onWritable() {},
    });
    for (const { compress, ...note } of messages) {
      call.sendMessage(encodeMessage(Note, note), compress);
    }
    call.sendEnd();
  });
}

test('without a choice length decides, and the server does as the client', async () => {
  expect(await answers(connection, 'Echo', [{ text: long }])).toEqual([false]);
  expect(received).toEqual([false]);
  expect(await answers(connection, 'Echo', [{ text: long }], 'gzip')).toEqual([true]);
  expect(received).toEqual([true]);
  expect(await answers(connection, 'Echo', [{ text: 'x' }], 'gzip')).toEqual([false]);
  expect(received).toEqual([false]);
});

test('the client chooses message by message', async () => {
  const messages = [
    { text: long, compress: true },
    { text: long, compress: false },
    { text: 'x', compress: true },
    { text: 'x' },
  ];
  await answers(connection, 'Collect', messages, 'gzip');
  expect(received).toEqual([true, false, true, false]);
});

test('a choice in a call without compression changes nothing', async () => {
  await answers(connection, 'Collect', [{ text: long, compress: true }]);
  expect(received).toEqual([false]);
});

test('the choice is kept while the call waits for its connection', async () => {
  const transport = connectHttp2({ url: listener.address });
  const messages = [
    { text: long, compress: false },
    { text: long, compress: true },
  ];
  await answers(transport, 'Collect', messages, 'zstd');
  expect(received).toEqual([false, true]);
  await transport.close();
});

test('a handler chooses for its answer, whatever the client does', async () => {
  expect(await answers(connection, 'Echo', [{ text: long, number: 1 }])).toEqual([true]);
  expect(await answers(connection, 'Echo', [{ text: 'x', number: 1 }])).toEqual([true]);
  expect(await answers(connection, 'Echo', [{ text: long, number: 2 }], 'gzip')).toEqual([false]);
});

test('a handler chooses for each message of a stream', async () => {
  expect(await answers(connection, 'List', [{ text: 'ucuc' }])).toEqual([false, true, false, true]);
});
