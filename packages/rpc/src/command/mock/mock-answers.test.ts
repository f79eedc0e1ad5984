import { describe, expect, test } from 'bun:test';
import type { DescService } from '@bufbuild/protobuf';
import type { Transport } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import type { Scheduled } from '../../core/clock.ts';
import { createServer } from '../../core/server.ts';
import type { Code } from '../../rpc-error.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { fileSchema } from '../schema/file-schema.ts';
import { shopFolder, shopProto, shopService } from '../testing/shop-service.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { loadExamples } from './load-examples.ts';
import { MockAnswers } from './mock-answers.ts';

const schema = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });
const desc = (await schema.lookUp('shop.v1.Orders')) as DescService;

interface Order {
  id: bigint;
  customerName: string;
}

interface OrdersClient {
  getOrder(request: object, options?: object): Promise<Order>;
  listOrders(request: object, options?: object): AsyncIterable<Order>;
  importOrders(requests: AsyncIterable<object>): Promise<{ orders: number }>;
  negotiate(requests: AsyncIterable<object>): AsyncIterable<Order>;
}

interface Changes {
  seed?: string;
  latencyMs?: number;
  failShare?: number;
  failCode?: Code;
  examples?: string;
  clock?: WatchedClock;
}

/** A clock that tells when somebody waits for it. */
class WatchedClock extends ManualClock {
  #wake: () => void = () => {};

  override schedule(delayMs: number, callback: () => void): Scheduled {
    const timer = super.schedule(delayMs, callback);
    this.#wake();
    const cancel = (): void => {
      timer.cancel();
      this.#wake();
    };
    return { cancel };
  }

  async isWaitedFor(): Promise<void> {
    while (this.pending === 0) await this.#change();
  }

  async isLeftAlone(): Promise<void> {
    while (this.pending > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A client of a mock with these settings. */
async function mockClient(changes: Changes = {}): Promise<OrdersClient & AsyncDisposable> {
  const { seed = '1', latencyMs = 0, failShare = 0, failCode = 'unavailable', clock } = changes;
  const answers = new MockAnswers({
    schema,
    seed,
    latency: () => ({ minMs: latencyMs, maxMs: latencyMs }),
    failShare: () => failShare,
    failCode: () => failCode,
    streamLength: () => [3, 3],
    ...(clock === undefined ? {} : { clock }),
  });
  if (changes.examples !== undefined) {
    await using folder = await temporaryFolder();
    const path = await folder.write('x.yaml', changes.examples);
    answers.examples = (await loadExamples([path], schema)).examples;
  }
  const { typeName } = desc;
  const methods = Object.fromEntries(
    Object.values(shopService(typeName).methods).map((method) => [method.name, method]),
  );
  const server = createServer().add({ typeName, methods }, answers.handlers(desc));
  const transport: Transport = connectMemory({ handler: server.handler });
  const client = createClient<OrdersClient>(shopService(typeName) as never, transport);
  return { ...client, [Symbol.asyncDispose]: () => transport.close() };
}

async function* several(...messages: object[]): AsyncGenerator<object> {
  yield* messages;
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  return await Array.fromAsync(messages);
}

describe('without examples', () => {
  test('the same request gets the same answer, whatever was asked before', async () => {
    await using client = await mockClient();
    await using other = await mockClient();
    await other.getOrder({ id: 8n });
    const [first, second] = [await client.getOrder({ id: 7n }), await other.getOrder({ id: 7n })];
    expect(second).toEqual(first);
    await using seeded = await mockClient({ seed: '2' });
    expect(await seeded.getOrder({ id: 7n })).not.toEqual(first);
  });

  test('an answer says again what was asked for', async () => {
    await using client = await mockClient();
    expect(await client.getOrder({ id: 7n })).toMatchObject({ id: 7n });
    const answers = await all(client.negotiate(several({ customerName: 'Ada' }, { id: 2n })));
    expect(answers).toMatchObject([{ customerName: 'Ada' }, { id: 2n }]);
    expect(answers[0]?.id).not.toBe(0n);
  });

  test('a stream has different messages, as many as it was told', async () => {
    await using client = await mockClient();
    const ids = (await all(client.listOrders({ pageSize: 2 }))).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expect(await client.importOrders(several({ id: 1n }))).toHaveProperty('orders');
  });
});

describe('with examples', () => {
  const examples = `
Orders/GetOrder:
  - request: { id: 404 }
    error: not_found
  - request: { id: 7 }
    response: { id: 7, customerName: Ada }
Orders/ListOrders:
  responses: [{ id: 1 }, { id: 2 }]
  error: { code: data_loss, message: the rest is gone }
Orders/ImportOrders:
  - request: { id: 2 }
    response: { orders: 22 }
  - response: { orders: 99 }
Orders/Negotiate:
  - request: { id: 1 }
    responses: [{ id: 10 }, { id: 11 }]
  - request: { id: 2 }
    error: aborted
`;

  test('the first that fits answers, and a fake where none does', async () => {
    await using client = await mockClient({ examples });
    expect(await client.getOrder({ id: 7n })).toMatchObject({ customerName: 'Ada' });
    expect(client.getOrder({ id: 404n })).rejects.toMatchObject({ code: 'not_found' });
    expect((await client.getOrder({ id: 8n })).customerName).not.toBe('');
  });

  test('a stream ends with its error, after its messages', async () => {
    await using client = await mockClient({ examples });
    const ids: bigint[] = [];
    const reading = (async () => {
      for await (const { id } of client.listOrders({})) ids.push(id);
    })();
    expect(reading).rejects.toMatchObject({ code: 'data_loss', message: 'the rest is gone' });
    await reading.catch(() => {});
    expect(ids).toEqual([1n, 2n]);
  });

  test('a stream of requests is answered by its last, or each by each', async () => {
    await using client = await mockClient({ examples });
    expect(await client.importOrders(several({ id: 1n }, { id: 2n }))).toMatchObject({
      orders: 22,
    });
    expect(await client.importOrders(several())).toMatchObject({ orders: 99 });
    const ids = (await all(client.negotiate(several({ id: 1n }, { id: 1n })))).map(({ id }) => id);
    expect(ids).toEqual([10n, 11n, 10n, 11n]);
    const failing = all(client.negotiate(several({ id: 2n })));
    expect(failing).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('time and chance', () => {
  test('an answer takes as long as was said, and the call may end sooner', async () => {
    const clock = new WatchedClock();
    await using client = await mockClient({ clock, latencyMs: 50 });
    const answer = client.getOrder({ id: 1n });
    await clock.isWaitedFor();
    expect(clock.nextDelayMs).toBe(50);
    clock.advance(50);
    expect(await answer).toMatchObject({ id: 1n });
    const controller = new AbortController();
    const cancelled = client.getOrder({ id: 1n }, { signal: controller.signal });
    await clock.isWaitedFor();
    controller.abort();
    expect(cancelled).rejects.toMatchObject({ code: 'canceled' });
    await clock.isLeftAlone();
  });

  test('examples have times of their own', async () => {
    const clock = new WatchedClock();
    const examples = 'Orders/ListOrders: { responses: [{}, {}], delay: 1s, interval: 2s }';
    await using client = await mockClient({ clock, latencyMs: 50, examples });
    const stream = client.listOrders({})[Symbol.asyncIterator]();
    for (const ms of [1_000, 2_000]) {
      const next = stream.next();
      await clock.isWaitedFor();
      expect(clock.nextDelayMs).toBe(ms);
      clock.advance(ms);
      expect((await next).done).toBe(false);
    }
    expect((await stream.next()).done).toBe(true);
  });

  test('as many calls fail as was said, the same ones for the same seed', async () => {
    const failures = async (): Promise<string> => {
      await using client = await mockClient({ failShare: 0.3, failCode: 'resource_exhausted' });
      const results: string[] = [];
      for (let i = 0; i < 200; i++) {
        results.push(
          await client.getOrder({}).then(
            () => '.',
            (error) => error.code[0],
          ),
        );
      }
      return results.join('');
    };
    const first = await failures();
    expect(await failures()).toBe(first);
    const failed = first.replaceAll('.', '');
    expect(failed.length).toBeGreaterThan(30);
    expect(failed.length).toBeLessThan(90);
    expect(new Set(failed)).toEqual(new Set('r'));
  });

  test('streams break in their first messages', async () => {
    await using client = await mockClient({ failShare: 1 });
    const lengths = new Set<number>();
    for (let i = 0; i < 20; i++) {
      let length = 0;
      const reading = (async () => {
        for await (const _ of client.listOrders({})) length++;
      })();
      expect(await reading.catch((error) => error.code)).toBe('unavailable');
      lengths.add(length);
    }
    expect([...lengths].sort()).toEqual([0, 1, 2]);
  });
});
