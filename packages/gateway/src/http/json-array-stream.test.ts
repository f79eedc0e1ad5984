import { expect, test } from 'bun:test';
import { jsonArrayOf } from './json-array-stream.ts';

function streamOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      controller.close();
    },
  });
}

test('every record is an item, as it was written, however the stream is cut', async () => {
  const records = ['{"a": "ü",\t"b":1.0}', '{"a":2}', '{"a":3}'];
  const bytes = Buffer.from(records.map((record) => `data: ${record}\r\n\r\n`).join(''));
  const wanted = `[${records.join(',\r\n')}\n]`;
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
    const events = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const part of parts) if (part.length > 0) controller.enqueue(part);
        controller.close();
      },
    });
    expect(await new Response(jsonArrayOf(events)).text()).toBe(wanted);
  }
});

test('an item is there as soon as its record is', async () => {
  const reader = jsonArrayOf(streamOf('data: {"a":1}\n\n', 'data: {"a":2}\n\n')).getReader();
  const next = async () => Buffer.from((await reader.read()).value ?? []).toString();
  expect(await next()).toBe('[{"a":1}');
  expect(await next()).toBe(',\r\n{"a":2}');
  expect(await next()).toBe('\n]');
  expect((await reader.read()).done).toBe(true);
});

test('no record is an empty array; a record without its blank line counts', async () => {
  expect(await new Response(jsonArrayOf(streamOf())).json()).toEqual([]);
  expect(await new Response(jsonArrayOf(streamOf('data: 1'))).json()).toEqual([1]);
});

test('who leaves cancels the events, and a stream that breaks breaks the array', async () => {
  const left: unknown[] = [];
  const events = new ReadableStream<Uint8Array>({
    cancel: (reason) => {
      left.push(reason);
    },
  });
  await jsonArrayOf(events).cancel('gone');
  expect(left).toEqual(['gone']);
  const broken = new ReadableStream<Uint8Array>({ pull: (it) => it.error(new Error('cut')) });
  await expect(new Response(jsonArrayOf(broken)).text()).rejects.toThrow('cut');
});
