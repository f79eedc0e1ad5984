import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const chunk = { choices: [{ index: 0, delta: { content: 'x'.repeat(60_000) } }] };
const record = Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);

/** A provider that goes on for as long as it is read, and knows when it is asked no longer. */
function endless() {
  const left = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(record),
          cancel: () => left.resolve(),
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      ),
  });
  return { server, left: left.promise };
}

test.each([
  ['/v1/chat/completions', { model: 'p/m', stream: true, messages: [] }],
  ['/providers/p/chat/completions', { model: 'm', stream: true, messages: [] }],
])(
  'a client of %s that takes nothing for too long is cut, its provider asked no longer',
  async (path, body) => {
    const provider = endless();
    using upstream = provider.server;
    const entry = providerConfig({
      name: 'p',
      type: 'openai',
      apiKey: 'sk-test-key-0000',
      baseUrl: `${upstream.url.origin}/v1`,
      models: ['m'],
    });
    await using fixture = await testGateway({ providers: [entry], limits: { idleTimeoutMs: 500 } });
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: (request) => fixture.gateway.handle(request),
    });
    const text = JSON.stringify(body);
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n`;
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: server.port ?? 0,
      socket: { open: (opened) => void opened.pause(), data: () => {} },
    });
    socket.write(head + text);
    await provider.left;
    expect(await fixture.ledger()).toMatchObject([{ outcome: 'canceled' }]);
    socket.end();
  },
);
