import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { memoryHarness } from '../../testing/contract/harnesses.ts';
import { Notes } from '../../testing/note-service.ts';
import { connectMemory } from './memory.ts';

contractTests(memoryHarness, test);

test('a client that cannot compress does not ask for compressed answers', async () => {
  const echo = createServer().add(Notes, { echo: (note) => note });
  const transport = connectMemory({ handler: echo.handler });
  const text = 'again and again '.repeat(200);
  const reply = await createClient(Notes, transport).echo({ text }, { compression: 'gzip' });
  expect(reply.text).toBe(text);
  await transport.close();
});
