import { expect, test } from 'bun:test';
import {
  Greeter,
  type GreeterHandlers,
  type HelloReply,
} from '../../codec/fixtures/gen/zrpc/test/greeter_pb.ts';
import type { MessageInit } from '../../codec/message-type.ts';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { connectMemory } from '../../transports/memory/memory.ts';

/** Written against the generated interface: that this compiles is half of the test. */
const handlers: GreeterHandlers = {
  sayHello: ({ name }) => ({ text: `Hello ${name}` }),
  async *watch({ name }): AsyncIterable<MessageInit<HelloReply>> {
    yield { text: `${name} 1` };
    yield { text: `${name} 2` };
  },
  async collect(requests) {
    const names: string[] = [];
    for await (const { name } of requests) names.push(name);
    return { text: names.join(' ') };
  },
  async *chat(requests) {
    for await (const { name } of requests) yield { text: name.toUpperCase() };
  },
  constructor$: async () => ({ id: 'made', address: { zip: 5 } }),
};

async function* names(): AsyncIterable<{ name: string }> {
  yield { name: 'ada' };
  yield { name: 'grace' };
}

test('generated clients and handlers understand each other in calls of every kind', async () => {
  const connection = connectMemory({ handler: createServer().add(Greeter, handlers).handler });
  const greeter = createClient(Greeter, connection);
  const texts = async (replies: AsyncIterable<HelloReply>): Promise<string[]> => {
    const all: string[] = [];
    for await (const { text } of replies) all.push(text);
    return all;
  };
  expect((await greeter.sayHello({ name: 'Ada' })).text).toBe('Hello Ada');
  expect(await texts(greeter.watch({ name: 'Ada' }))).toEqual(['Ada 1', 'Ada 2']);
  expect((await greeter.collect(names())).text).toBe('ada grace');
  expect(await texts(greeter.chat(names()))).toEqual(['ADA', 'GRACE']);
  expect((await greeter.constructor$({})).address?.zip).toBe(5);
  await connection.close();
});
