import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Client } from '@modelcontextprotocol/client';
import { eras, type ServedForTest, serveScripted } from './testing/serve-scripted.ts';

for (const era of eras) {
  describe(`a client of the era with ${era === 'stateless' ? 'stateless requests' : 'sessions'}`, () => {
    let served: ServedForTest;
    let client: Client;

    beforeAll(async () => {
      served = serveScripted();
      client = await served.client(era);
    });
    afterAll(() => served[Symbol.asyncDispose]());

    test('calls a tool, which knows who calls', async () => {
      expect(client.getNegotiatedProtocolVersion()).toBe(
        era === 'stateless' ? '2026-07-28' : '2025-11-25',
      );
      const { content } = await client.callTool({ name: 'echo', arguments: { a: [1] } });
      expect(JSON.parse(textOf(content))).toEqual({
        args: { a: [1] },
        caller: 'key_1',
        client: 'test-client',
      });
    });

    test('hears of progress', async () => {
      const heard: number[] = [];
      await client.callTool(
        { name: 'count' },
        { onprogress: ({ progress }) => heard.push(progress) },
      );
      expect(heard).toEqual([1, 2, 3]);
    });

    test('reads a list of several pages', async () => {
      const { resources } = await client.listResources();
      expect(new Set(resources.map(({ uri }) => uri)).size).toBe(600);
      await expect(client.listResources({ cursor: 'x' })).rejects.toThrow('cursor');
      await expect(client.listResources({ cursor: '601' })).rejects.toThrow('cursor');
    });

    test('cancels a call, and the tool ends', async () => {
      const controller = new AbortController();
      const call = client.callTool({ name: 'wait' }, { signal: controller.signal });
      await served.waits(1);
      const ended = new Promise((resolve) =>
        served.waiting[0]?.signal.addEventListener('abort', resolve),
      );
      controller.abort();
      await expect(call).rejects.toThrow();
      await ended;
    });

    test('is told of what went wrong, and of no inside', async () => {
      await expect(client.callTool({ name: 'none' })).rejects.toMatchObject({ code: -32_000 });
      await expect(client.callTool({ name: 'fail' })).rejects.toMatchObject({
        code: -32_001,
        message: expect.not.stringContaining('secret'),
      });
      await expect(client.readResource({ uri: 'test://none' })).rejects.toThrow('test://none');
    });

    test('is asked in the middle of a call, and the call goes on with its answers', async () => {
      const answering = await served.client(era, { capabilities: { elicitation: { form: {} } } });
      const asked: unknown[] = [];
      answering.setRequestHandler('elicitation/create', ({ params }) => {
        asked.push(params.message);
        return { action: 'accept', content: { value: `answer ${asked.length}` } };
      });
      const { content } = await answering.callTool({ name: 'ask' });
      expect(asked).toEqual(['Who are you?', 'Which color?']);
      expect(JSON.parse(textOf(content))).toEqual([
        { action: 'accept', content: { value: 'answer 1' } },
        { action: 'accept', content: { value: 'answer 2' } },
      ]);
    });

    test('that can be asked nothing is not asked, and told why', async () => {
      await expect(client.callTool({ name: 'ask' })).rejects.toMatchObject({ code: -32_021 });
    });

    test('hears of a resource and of lists that change, until it no longer wants to', async () => {
      const listener = await served.client(era);
      const updated = nextOf(listener, 'notifications/resources/updated');
      const listed = nextOf(listener, 'notifications/tools/list_changed');
      const stop = await watch(listener, era, 'test://7');
      expect(served.watchers('test://7')).toBe(1);
      served.change('test://7');
      served.changeTools();
      expect(await updated).toMatchObject({ params: { uri: 'test://7' } });
      await listed;
      await stop();
      await until(() => served.watchers('test://7') === 0);
    });

    test('that leaves watches nothing any more', async () => {
      const leaving = await served.client(era);
      await watch(leaving, era, 'test://8');
      if (era === 'sessions') {
        await (
          leaving.transport as { terminateSession?: () => Promise<void> }
        ).terminateSession?.();
      }
      await leaving.close();
      await until(() => served.watchers('test://8') === 0);
    });
  });
}

async function watch(client: Client, era: string, uri: string): Promise<() => Promise<unknown>> {
  if (era === 'stateless') {
    const open = await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    return () => open.close();
  }
  await client.subscribeResource({ uri });
  return () => client.unsubscribeResource({ uri });
}

function nextOf(
  client: Client,
  method: 'notifications/resources/updated' | 'notifications/tools/list_changed',
) {
  return new Promise((resolve) => client.setNotificationHandler(method, resolve));
}

/** Waits by turns of the loop: the server hears of a client that left when the socket tells it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

function textOf(content: unknown): string {
  return (content as { text: string }[])[0]?.text ?? '';
}
