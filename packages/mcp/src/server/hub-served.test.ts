import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Client } from '@modelcontextprotocol/client';
import type { Hub } from '../client/hub.ts';
import { programServer, testHub } from '../client/testing/hub-fixture.ts';
import { HubQuestions } from './hub-questions.ts';
import { servedHub } from './hub-served.ts';
import { mergeServed } from './merge-served.ts';
import { scriptedServed } from './testing/scripted-served.ts';
import { eras, type ServedForTest, serveScripted } from './testing/serve-scripted.ts';

let hub: Hub;
let served: ServedForTest;

beforeAll(async () => {
  const questions = new HubQuestions();
  hub = testHub(
    [
      programServer('new', 'fixture-program.ts', ['modern'], { timeoutMs: 20_000 }),
      programServer('old', 'fixture-program.ts', ['legacy'], { timeoutMs: 20_000 }),
    ],
    { project: import.meta.dir, questions: questions.questions },
  );
  const both = mergeServed([scriptedServed().served, servedHub(hub, questions)]);
  served = serveScripted({ served: both });
  await hub.loadTools();
}, 20_000);
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

for (const era of eras) {
  describe(`a client of the era ${era}, in front of servers of both eras`, () => {
    let client: Client;
    const asked: string[] = [];

    beforeAll(async () => {
      client = await served.client(era, { capabilities: { elicitation: { form: {} } } });
      client.setRequestHandler('elicitation/create', ({ params }) => {
        asked.push(params.message);
        return { action: 'accept', content: { name: 'Ada' } };
      });
    });

    test('finds their tools beside ours, by the names of their servers', async () => {
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['echo', 'new__echo', 'old__echo']));
    });

    test.each(['new', 'old'])('calls a tool (%s)', async (server) => {
      const sum = await client.callTool({ name: `${server}__add`, arguments: { a: 2, b: 3 } });
      expect(sum.structuredContent).toEqual({ sum: 5 });
    });

    test.each(['new', 'old'])('hears of progress, and cancels (%s)', async (server) => {
      const stopping = new AbortController();
      const heard: (string | undefined)[] = [];
      const onprogress = ({ message, progress }: { message?: string; progress: number }) => {
        heard.push(message);
        if (progress === 2) stopping.abort();
      };
      const call = client.callTool(
        { name: `${server}__work`, arguments: { steps: 2 } },
        { signal: stopping.signal, onprogress: onprogress as never },
      );
      await expect(call).rejects.toThrow();
      expect(heard).toEqual(['step 1', 'step 2']);
    });

    test.each(['new', 'old'])('hears when their tools change (%s)', async (server) => {
      const listener = await served.client(era);
      const changed = new Promise((resolve) =>
        listener.setNotificationHandler('notifications/tools/list_changed', resolve),
      );
      if (era === 'stateless') await listener.listen({ toolsListChanged: true });
      if (!hub.tools().some(({ name }) => name === `${server}__grown`)) {
        await client.callTool({ name: `${server}__grow` });
        await changed;
      }
      const { tools } = await listener.listTools();
      expect(tools.map(({ name }) => name)).toContain(`${server}__grown`);
    });

    test.each(['new', 'old'])('is asked what they ask (%s)', async (server) => {
      asked.length = 0;
      const { content } = await client.callTool({ name: `${server}__ask`, arguments: {} });
      expect(asked).toEqual([expect.stringContaining(`${server} asks: `)]);
      expect(JSON.stringify(content)).toContain('Ada');
    });

    test('reads their resources by addresses that say whose they are', async () => {
      const { resources } = await client.listResources();
      const [found] = resources.filter(({ uri }) => uri.startsWith('mcp://new/'));
      expect(found).toBeDefined();
      const { contents } = await client.readResource({ uri: found?.uri ?? '' });
      expect(contents[0]?.uri).toBe(found?.uri ?? '');
      await expect(client.readResource({ uri: 'mcp://nobody/test://x' })).rejects.toThrow();
    });

    test('gets their prompts', async () => {
      const { prompts } = await client.listPrompts();
      const own = prompts.filter(({ name }) => name.startsWith('old__'));
      expect(own.length).toBeGreaterThan(0);
      await expect(client.getPrompt({ name: 'old__none' })).rejects.toThrow();
    });

    test('is told what is not there', async () => {
      await expect(client.callTool({ name: 'new__none' })).rejects.toMatchObject({ code: -32_000 });
      await expect(client.getPrompt({ name: 'none' })).rejects.toMatchObject({ code: -32_004 });
    });
  });
}
