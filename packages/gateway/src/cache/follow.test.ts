import { expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import { openAiChatDialect as dialect } from '../dialects/openai-chat/index.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import { createProvider } from '../providers/index.ts';
import { Watchdog } from '../routing/watchdog.ts';
import { providerConfig } from '../testing/test-gateway.ts';
import { Flight } from './flight.ts';
import { follow } from './follow.ts';
import type { Listening } from './replay.ts';

const provider = createProvider(providerConfig({ name: 'o', type: 'openai', apiKey: 'k' }), {
  fetch,
  now: Date.now,
  environment: () => undefined,
  readFile: async () => undefined,
});
const body = { model: 'm', messages: [], stream: true };

function listening(signal?: AbortSignal): Listening {
  return {
    exchange: {
      request: new Request('http://127.0.0.1/', signal ? { signal } : {}),
      path: '/',
      query: '',
      requestId: 'req_1',
      atMs: 1_000,
      startedAt: 0,
      caller: { admin: false, inference: true },
      requestedModel: 'm',
      attempts: 0,
    },
    call: {
      dialect,
      text: '',
      body,
      model: 'm',
      stream: true,
      modelInBody: true,
      mayPassThrough: true,
      decode: () => dialect.decodeRequest(body, {}),
    },
  };
}

const begun: ChatEvent[] = [
  { type: 'response-start', id: 'i', model: 'm', createdAtMs: 1 },
  { type: 'part-start', choice: 0, part: 0, kind: 'text' },
  { type: 'text-delta', choice: 0, part: 0, text: 'one' },
];

/** A flight whose answer has begun, and one who follows it. */
async function followed(idleTimeoutMs: number, signal?: AbortSignal) {
  const flight = new Flight(() => {});
  flight.begin({ provider, model: 'm' }, false);
  for (const event of begun) flight.event(event);
  flight.headSent({});
  const watchdog = new Watchdog();
  const ended = Promise.withResolvers<RpcError | undefined>();
  const clock = { watchdog, idleTimeoutMs };
  const response = await follow(flight, listening(signal), clock, ended.resolve);
  const { body: told } = response as Response;
  const reader = (told as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  return { flight, watchdog, reader, ended: ended.promise };
}

test('a follower that takes nothing for too long is cut, and the flight goes on', async () => {
  const { ended, flight, reader, watchdog } = await followed(1);
  using _ = watchdog;
  expect(flight.followers).toBe(1);
  expect(await ended).toMatchObject({ code: 'canceled' });
  expect(flight.followers).toBe(0);
  expect(flight.state).toBe('answering');
  await expect(reader.read()).rejects.toMatchObject({ code: 'canceled' });
});

test('one that waits for the answer is not', async () => {
  const { ended, flight, reader, watchdog } = await followed(60_000);
  using _ = watchdog;
  const next = reader.read();
  // Only waits for the client are stopped: here it is the client that waits.
  watchdog.stop();
  flight.event({ type: 'text-delta', choice: 0, part: 0, text: 'two' });
  expect(new TextDecoder().decode((await next).value)).toContain('two');
  watchdog.stop();
  expect(await ended).toMatchObject({ code: 'unavailable' });
});

test('one whose client is gone before it follows leaves the flight as it was', async () => {
  const flight = new Flight(() => {});
  const gone = AbortSignal.abort();
  using watchdog = new Watchdog();
  const clock = { watchdog, idleTimeoutMs: 1_000 };
  const following = follow(flight, listening(gone), clock, () => {});
  await expect(following).rejects.toMatchObject({ code: 'canceled' });
  expect([flight.followers, flight.state]).toEqual([0, 'asking']);
});

test('an answer too large to hold fails for its followers', async () => {
  const { ended, flight, reader, watchdog } = await followed(60_000);
  using _ = watchdog;
  const text = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 16; i++) flight.event({ type: 'text-delta', choice: 0, part: 0, text });
  expect(flight.state).toBe('failed');
  expect(flight.events).toHaveLength(0);
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('too large');
  expect(await ended).toMatchObject({ code: 'resource_exhausted' });
});
