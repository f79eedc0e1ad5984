import { heapStats } from 'bun:jsc';
import { describe, expect, jest, test } from 'bun:test';
import fc from 'fast-check';
import { createClient } from '../core/client.ts';
import { createServer } from '../core/server.ts';
import { Notes } from '../testing/note-service.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { IncrementalJson } from './incremental-json.ts';
import { mergeStreams } from './merge-streams.ts';
import {
  eventStream,
  formatEvent,
  readEvents,
  type ServerSentEvent,
} from './server-sent-events.ts';
import { splitStream } from './split-stream.ts';

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Has nothing, and says whether it was closed. Its `return` does not wait for its `next`. */
function silent(): {
  source: AsyncIterable<never>;
  seen: { closed: boolean };
  asked: Promise<void>;
} {
  const seen = { closed: false };
  const asked = Promise.withResolvers<void>();
  const iterator: AsyncIterator<never> = {
    next: () => {
      asked.resolve();
      return new Promise(() => {});
    },
    return: async () => {
      seen.closed = true;
      return { done: true, value: undefined };
    },
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, seen, asked: asked.promise };
}

/** Counts up, and says how far it was read and whether it was closed. */
function counter(end: number): {
  source: AsyncIterable<number>;
  seen: { made: number; closed: boolean };
} {
  const seen = { made: 0, closed: false };
  async function* numbers() {
    try {
      for (; seen.made < end; ) yield seen.made++;
    } finally {
      seen.closed = true;
    }
  }
  return { source: numbers(), seen };
}

describe('splitStream', () => {
  test('gives every reader every item', async () => {
    const { source } = counter(500);
    const all = await Promise.all(splitStream(source, 3).map(gather));
    for (const items of all) expect(items).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  test('reads no further than the slowest reader allows, until it leaves', async () => {
    const { source, seen } = counter(1_000);
    const [fast, slow] = splitStream(source, 2, { maxAhead: 10 });
    const reading = gather(fast!);
    await turns();
    expect(seen.made).toBeLessThanOrEqual(11);
    await slow!.next();
    await turns();
    expect(seen.made).toBeLessThanOrEqual(12);
    await slow!.return?.();
    expect(await reading).toHaveLength(1_000);
  });

  test('closes the source when the last reader has left', async () => {
    const { source, seen } = counter(1_000);
    const [one, two] = splitStream(source, 2);
    await one!.next();
    await one!.return?.();
    expect(seen.closed).toBe(false);
    await two!.return?.();
    expect(seen.closed).toBe(true);
  });

  test('a reader may leave while the source has nothing', async () => {
    async function* hanging(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    const [reader] = splitStream(hanging(), 1);
    await reader!.next();
    const waiting = reader!.next();
    await reader!.return?.();
    expect((await waiting).done).toBe(true);
  });

  test('gives the error to every reader, behind the items', async () => {
    async function* failing() {
      yield 1;
      throw new Error('broken');
    }
    for (const reader of splitStream(failing(), 2)) {
      expect((await reader.next()).value).toBe(1);
      await expect(reader.next()).rejects.toThrow('broken');
      expect((await reader.next()).done).toBe(true);
    }
  });
});

describe('mergeStreams', () => {
  test('has all items, those of each source in order', async () => {
    const merged = await gather(mergeStreams([counter(50).source, counter(30).source]));
    for (const [source, length] of [
      [0, 50],
      [1, 30],
    ]) {
      const own = merged.filter((item) => item.source === source).map(({ value }) => value);
      expect(own).toEqual(Array.from({ length: length as number }, (_, i) => i));
    }
  });

  test('reads one item ahead of each source, and closes them when the reader leaves', async () => {
    const sources = [counter(1_000), counter(1_000)];
    const merged = mergeStreams(sources.map(({ source }) => source));
    await merged.next();
    await turns();
    expect(sources.every(({ seen }) => seen.made <= 2)).toBe(true);
    await merged.return();
    await turns();
    expect(sources.every(({ seen }) => seen.closed)).toBe(true);
  });

  test('the first error ends it and closes the others', async () => {
    const other = counter(1_000_000);
    async function* failing() {
      yield 1;
      throw new Error('broken');
    }
    await expect(gather(mergeStreams([failing(), other.source]))).rejects.toThrow('broken');
    await turns();
    expect(other.seen.closed).toBe(true);
  });

  test('a silent source costs nothing for the items of the others', async () => {
    const merged = mergeStreams([counter(60_000).source, silent().source]);
    const objectsAfter = async (items: number) => {
      for (let i = 0; i < items; i++) await merged.next();
      Bun.gc(true);
      return heapStats().objectCount;
    };
    const before = await objectsAfter(10_000);
    expect((await objectsAfter(50_000)) - before).toBeLessThan(10_000);
    await merged.return();
  });

  test('a source that always has something does not starve the others', async () => {
    const merged = mergeStreams([counter(1_000_000).source, counter(3).source]);
    const seen: number[] = [];
    while (seen.length < 3) {
      const { value } = await merged.next();
      if (value?.source === 1) seen.push(value.value);
      expect(value?.value).toBeLessThan(10);
    }
    await merged.return();
  });

  test.each(['return', 'throw', 'asyncDispose'])(
    '%s closes all sources, silent ones too',
    async (how) => {
      const sources = [silent(), counter(10), silent()];
      const merged = mergeStreams(sources.map(({ source }) => source));
      await merged.next();
      const waiting = merged.next();
      const another = merged.next();
      if (how === 'return') expect(await merged.return()).toEqual({ done: true, value: undefined });
      else if (how === 'throw') await expect(merged.throw(new Error('no'))).rejects.toThrow('no');
      else await merged[Symbol.asyncDispose]();
      // One of them had an item still.
      expect((await waiting).done).toBe(true);
      expect((await another).done).toBe(true);
      await turns();
      expect(sources.every(({ seen }) => seen.closed)).toBe(true);
      expect((await merged.next()).done).toBe(true);
    },
  );

  test('closes sources that were never read, also when one of them cannot be', async () => {
    const sources = [silent(), silent()];
    await mergeStreams(sources.map(({ source }) => source)).return();
    expect(sources.every(({ seen }) => seen.closed)).toBe(true);
    const first = silent();
    const broken = {
      [Symbol.asyncIterator]: () => {
        throw new Error('read twice');
      },
    };
    expect(() => mergeStreams([first.source, broken])).toThrow('read twice');
    expect(first.seen.closed).toBe(true);
  });

  test('several reads at once get an item each, and then the end', async () => {
    const merged = mergeStreams([counter(2).source, counter(1).source]);
    const steps = await Promise.all([1, 2, 3, 4, 5].map(() => merged.next()));
    expect(steps.map(({ done }) => done)).toEqual([false, false, false, true, true]);
    expect((await mergeStreams([]).next()).done).toBe(true);
  });
});

describe('IncrementalJson', () => {
  test('any JSON in any pieces is what JSON.parse says', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.array(fc.integer({ min: 1, max: 7 })),
        fc.constantFrom(0, 2),
        (text, sizes, indent) => {
          const pretty = JSON.stringify(JSON.parse(text), null, indent);
          const reader = new IncrementalJson();
          let at = 0;
          for (const size of sizes) {
            reader.push(pretty.slice(at, at + size));
            at += size;
          }
          reader.push(pretty.slice(at));
          expect(reader.end()).toEqual(JSON.parse(pretty));
        },
      ),
    );
  });

  test('shows what has come so far', () => {
    const reader = new IncrementalJson();
    const seen: unknown[] = [];
    for (const piece of [
      '{"pa',
      'th": "/et',
      'c/ho\\u00',
      '65sts", "n": 1',
      '2, "l": [tr',
      'ue, {"x"',
    ]) {
      reader.push(piece);
      seen.push(structuredClone(reader.value));
    }
    expect(seen).toEqual([
      {},
      { path: '/et' },
      { path: '/etc/ho' },
      { path: '/etc/hoests' },
      { path: '/etc/hoests', n: 12, l: [] },
      { path: '/etc/hoests', n: 12, l: [true, {}] },
    ]);
    expect(reader.isComplete).toBe(false);
    expect(() => reader.end()).toThrow(/ends too early, in \$\.l\.1\.x/);
  });

  test('tells of each value when it is complete', () => {
    const told: [string, unknown][] = [];
    const reader = new IncrementalJson({
      onValue: (path, value) => told.push([path.join('/'), structuredClone(value)]),
    });
    reader.push('{"a":[1,{"b":null}],"c":"d"}');
    expect(told).toEqual([
      ['a/0', 1],
      ['a/1/b', null],
      ['a/1', { b: null }],
      ['a', [1, { b: null }]],
      ['c', 'd'],
      ['', { a: [1, { b: null }], c: 'd' }],
    ]);
    expect(reader.isComplete).toBe(true);
  });

  test('refuses what is no JSON, with its place', () => {
    const bad = [
      '{a',
      '[1,]',
      '{"a":1,}',
      '01',
      '1.e5',
      '"\\x"',
      '"\n"',
      '{"a" 1}',
      'tru',
      '[1 2]',
    ];
    for (const text of [...bad, '1 2', ']', '"\\u00g0"', '-', '{"a":}', 'nul l', '+1']) {
      expect(() => {
        const reader = new IncrementalJson();
        reader.push(text);
        reader.end();
      }).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    }
    expect(() => new IncrementalJson().push('['.repeat(200))).toThrow(/nested deeper than 100/);
    expect(() => new IncrementalJson({ maxLength: 5 }).push('"123456"')).toThrow(/longer than 5/);
  });

  test('a member called __proto__ is a member', () => {
    const reader = new IncrementalJson();
    reader.push('{"__proto__": {"admin": true}}');
    expect(Object.keys(reader.end() as object)).toEqual(['__proto__']);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('server-sent events', () => {
  test('whatever is written is read again, in any pieces', async () => {
    const event = fc.record(
      { data: fc.string(), event: fc.stringMatching(/^[a-z]{1,9}$/), retry: fc.nat() },
      { requiredKeys: ['data'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.integer({ min: 1, max: 9 }), async (events, size) => {
        const text = events.map(formatEvent).join('');
        const bytes = new TextEncoder().encode(text);
        async function* pieces() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
        }
        const read = await gather(readEvents(pieces()));
        const lines = (data: string) => data.replace(/\r\n|\r/g, '\n');
        expect(read).toEqual(events.map((one) => ({ ...one, data: lines(one.data) })));
      }),
      { numRuns: 60 },
    );
  });

  test('comments, unknown fields and a cut-off event are passed over', async () => {
    async function* source() {
      yield new TextEncoder().encode(
        ': hi\r\n\r\ndata:a\r\ndata\r\nnope: 1\r\nid: 7\r\n\r\ndata: cut',
      );
    }
    expect(await gather(readEvents(source()))).toEqual([{ data: 'a\n', id: '7' }]);
  });

  test('an event that does not end is refused', async () => {
    async function* source() {
      for (;;) yield new TextEncoder().encode('data: xxxxxxxxxxxxxxxx');
    }
    await expect(gather(readEvents(source(), 1_000))).rejects.toMatchObject({
      code: 'resource_exhausted',
    });
  });

  test('tokens of a call reach the client as events, one by one, and its leaving ends the call', async () => {
    const stopped = Promise.withResolvers<void>();
    let made = 0;
    const server = createServer().add(Notes, {
      async *list() {
        try {
          for (; ; made++) yield { text: `token ${made}` };
        } finally {
          stopped.resolve();
        }
      },
    });
    const transport = connectMemory({ handler: server.handler });
    const tokens = createClient(Notes, transport).list({});
    async function* events(): AsyncGenerator<ServerSentEvent> {
      for await (const { text } of tokens) yield { event: 'token', data: text };
    }
    const body = eventStream(events());
    const seen: string[] = [];
    for await (const { data } of readEvents(body)) {
      seen.push(data);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual(['token 0', 'token 1', 'token 2', 'token 3', 'token 4']);
    await stopped.promise;
    expect(made).toBeLessThan(100_000);
    await transport.close();
  });

  test('heartbeats come while there is nothing, one at a time, and end with the client', async () => {
    jest.useFakeTimers();
    try {
      const { source, seen, asked } = silent();
      const reader = eventStream(source, { heartbeatMs: 1_000 }).getReader();
      const first = reader.read();
      await asked;
      jest.advanceTimersByTime(1_000);
      expect(new TextDecoder().decode((await first).value)).toBe(':\n\n');
      jest.advanceTimersByTime(60_000);
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(':\n\n');
      const waiting = reader.read();
      await reader.cancel();
      // On a stream that is over, a heartbeat would throw where nobody catches it.
      jest.advanceTimersByTime(60_000);
      expect((await waiting).done).toBe(true);
      expect(seen.closed).toBe(true);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  test('what comes after the client has left is dropped', async () => {
    const item = Promise.withResolvers<ServerSentEvent>();
    async function* late() {
      yield await item.promise;
    }
    const reader = eventStream(late()).getReader();
    const read = reader.read();
    const left = reader.cancel();
    item.resolve({ data: 'late' });
    await left;
    expect((await read).done).toBe(true);
  });

  test('a source that fails ends in an event that says so', async () => {
    // biome-ignore lint/correctness/useYield: it fails before its first event.
    async function* failing(): AsyncGenerator<ServerSentEvent> {
      throw new Error('the password is hunter2');
    }
    const [only] = await gather(readEvents(eventStream(failing())));
    expect(only?.event).toBe('error');
    expect(JSON.parse(only?.data ?? '')).toMatchObject({ code: 'internal' });
    expect(only?.data).not.toContain('hunter2');
  });
});
