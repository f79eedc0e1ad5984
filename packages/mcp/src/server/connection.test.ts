import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Transport } from '@modelcontextprotocol/client';
import { maxMessageBytes } from './frame.ts';
import { serveStandardIo } from './serve-standard-io.ts';
import { clientOf, eras, type ServedForTest, serveScripted } from './testing/serve-scripted.ts';

let served: ServedForTest;
beforeAll(() => {
  served = serveScripted();
});
afterAll(() => served[Symbol.asyncDispose]());

/** A WebSocket as a transport of the client's SDK. */
function socketTransport(url: string): Transport {
  const socket = new WebSocket(url);
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('no WebSocket')));
  });
  const transport: Transport = {
    start: () => opened,
    send: async (message) => socket.send(JSON.stringify(message)),
    close: async () => socket.close(),
  };
  socket.addEventListener('message', ({ data }) => transport.onmessage?.(JSON.parse(data)));
  socket.addEventListener('close', () => transport.onclose?.());
  return transport;
}

/** Standard input and output of a server in this process. */
function standardIo(signal = new AbortController().signal) {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const lines: string[] = [];
  const heard = new Set<(line: string) => void>();
  const ended = serveStandardIo(
    served.server,
    { id: 'stdio' },
    {
      input: input.readable,
      write: async (line) => {
        lines.push(line);
        for (const listener of heard) listener(line);
      },
    },
    signal,
  );
  const send = (text: string) => writer.write(new TextEncoder().encode(text));
  const transport: Transport = {
    start: async () => {},
    send: async (message) => void (await send(`${JSON.stringify(message)}\n`)),
    close: async () => writer.close().catch(() => undefined),
  };
  heard.add((line) => transport.onmessage?.(JSON.parse(line)));
  return { ended, lines, send, transport, writer };
}

for (const era of eras) {
  describe(`a client of the era ${era}`, () => {
    const transports = {
      WebSocket: () => socketTransport(served.url.replace('http:', 'ws:')),
      'standard input': () => standardIo().transport,
    };
    test.each(Object.entries(transports))('is served over a %s', async (kind, open) => {
      const client = clientOf(era, { capabilities: { elicitation: { form: {} } } });
      client.setRequestHandler('elicitation/create', () => ({
        action: 'accept',
        content: { value: 'yes' },
      }));
      await client.connect(open());
      const { content } = await client.callTool({ name: 'echo' });
      const [{ text }] = content as unknown as [{ text: string }];
      const caller = kind === 'WebSocket' ? 'socket' : 'stdio';
      expect(JSON.parse(text)).toMatchObject({ caller, client: 'test-client' });
      const progress: number[] = [];
      await client.callTool(
        { name: 'count' },
        { onprogress: (told) => progress.push(told.progress) },
      );
      expect(progress).toEqual([1, 2, 3]);
      expect(JSON.stringify(await client.callTool({ name: 'ask' }))).toContain('yes');

      const updated = new Promise((resolve) =>
        client.setNotificationHandler('notifications/resources/updated', resolve),
      );
      const uri = `test://${kind.length}`;
      const open_ =
        era === 'stateless'
          ? await client.listen({ resourceSubscriptions: [uri] })
          : await client.subscribeResource({ uri });
      served.change(uri);
      expect(await updated).toMatchObject({ params: { uri } });
      await (open_ as { close?: () => Promise<void> }).close?.();
      await client.close();
    });
  });
}

describe('standard input', () => {
  test('ends with its client, and what ran is aborted', async () => {
    const { ended, send, writer } = standardIo();
    const before = served.waiting.length;
    await send(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } })}\n`,
    );
    await send(
      `${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wait' } })}\n`,
    );
    await served.waits(before + 1);
    await writer.close();
    await ended;
    expect(served.waiting.at(-1)?.signal.aborted).toBe(true);
  });

  test('ends with its signal', async () => {
    const stopping = new AbortController();
    const { ended } = standardIo(stopping.signal);
    stopping.abort();
    await ended;
  });

  test('answers what is no message, and goes on', async () => {
    const { ended, lines, send, writer } = standardIo();
    await send('{"jsonrpc"\n\n[]\n{"id":7}\n');
    await send('{"jsonrpc":"2.0","id":8,"method":"tools/list"}\n');
    await send(`${'['.repeat(300)}${']'.repeat(300)}\n`);
    await writer.close();
    await ended;
    const answers = lines.map((line) => JSON.parse(line));
    expect(answers.map(({ error, id }) => [id, error?.code])).toContainEqual([7, -32_600]);
    expect(answers.filter(({ error }) => error?.code === -32_700)).toHaveLength(1);
    expect(answers.filter(({ error }) => error?.code === -32_600)).toHaveLength(3);
  });

  test('gives up on a line without an end', async () => {
    const { ended, lines, send, writer } = standardIo();
    const chunk = 'a'.repeat(1024 * 1024);
    for (let sent = 0; sent <= maxMessageBytes; sent += chunk.length) {
      await send(chunk).catch(() => undefined);
    }
    await writer.close().catch(() => undefined);
    await ended;
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ error: { code: -32_600 } });
  });
});

test('a WebSocket of a page of another origin is refused', async () => {
  const response = await fetch(served.url, {
    headers: { upgrade: 'websocket', connection: 'upgrade', origin: 'http://evil.example' },
  });
  expect(response.status).toBe(403);
});
