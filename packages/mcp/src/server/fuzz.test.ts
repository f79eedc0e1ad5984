import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { serveScripted } from './testing/serve-scripted.ts';

const methods = fc.constantFrom(
  'initialize',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/read',
  'resources/subscribe',
  'subscriptions/listen',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'ping',
  '',
);
const claims = fc.record(
  {
    'io.modelcontextprotocol/protocolVersion': fc.oneof(
      fc.constantFrom('2026-07-28', '2025-11-25', '1'),
      fc.jsonValue(),
    ),
    'io.modelcontextprotocol/clientCapabilities': fc.oneof(
      fc.constant({ elicitation: {} }),
      fc.jsonValue(),
    ),
    progressToken: fc.oneof(fc.integer(), fc.jsonValue()),
  },
  { requiredKeys: [] },
);
const params = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record(
    {
      name: fc.oneof(fc.constantFrom('echo', 'count', 'ask', 'fail', '__proto__'), fc.string()),
      arguments: fc.jsonValue({ maxDepth: 3 }),
      uri: fc.oneof(fc.constant('test://1'), fc.string()),
      protocolVersion: fc.constantFrom('2025-11-25', '2024-11-05', 'x'),
      capabilities: fc.constant({}),
      clientInfo: fc.constant({ name: 'fuzz', version: '1' }),
      cursor: fc.string(),
      inputResponses: fc.jsonValue({ maxDepth: 2 }),
      requestState: fc.string(),
      _meta: claims,
    },
    { requiredKeys: [] },
  ),
);
const frames = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  fc
    .record(
      {
        jsonrpc: fc.constantFrom('2.0', '1.0', 2),
        id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.jsonValue()),
        method: fc.oneof(methods, fc.string()),
        params,
        result: fc.jsonValue({ maxDepth: 2 }),
      },
      { requiredKeys: ['jsonrpc'] },
    )
    .map((value) => JSON.stringify(value)),
);

test('no frame over HTTP brings the server down, or leaves anything behind', async () => {
  await using served = serveScripted();
  const versions = fc.option(fc.constantFrom('2026-07-28', '2025-11-25', 'x'), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(frames, versions, methods, async (frame, version, method) => {
      const response = await fetch(served.url, {
        method: 'POST',
        headers: {
          authorization: 'Bearer key_1',
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
          ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
          ...(method === '' ? {} : { 'mcp-method': method, 'mcp-name': 'echo' }),
        },
        body: frame,
      });
      expect(response.status).toBeLessThan(504);
      expect(response.status).not.toBe(500);
      await response.body?.cancel();
    }),
    { numRuns: 300 },
  );
  const client = await served.client('stateless', {}, 'key_2');
  expect((await client.listTools()).tools.length).toBeGreaterThan(0);
}, 20_000);

test('no frame over a connection brings the server down, or keeps it from answering', async () => {
  await using served = serveScripted();
  await fc.assert(
    fc.asyncProperty(fc.array(frames, { maxLength: 8 }), async (sent) => {
      const answered = Promise.withResolvers<void>();
      const written: unknown[] = [];
      const connection = served.server.connect(
        { id: 'fuzz' },
        {
          write: async (text) => {
            const message = JSON.parse(text) as { id?: unknown };
            written.push(message);
            if (message.id === 'last') answered.resolve();
          },
          close: () => answered.resolve(),
        },
      );
      for (const frame of sent) connection.receive(frame);
      connection.receive('{"jsonrpc":"2.0","id":"last","method":"tools/list"}');
      await answered.promise;
      await connection.close();
    }),
    { numRuns: 300 },
  );
}, 20_000);
