import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { codes, RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { type DialectName, dialectNames } from '../neutral/dialect-name.ts';
import { eventsOf, streamBytes, streamParser } from '../testing/caller-stream.ts';
import { grammarFault } from '../testing/event-grammar.ts';
import { recordedStreams } from '../testing/recorded-streams.ts';
import type { Frame } from './dialect.ts';
import { dialects } from './index.ts';

// Who hangs fails by this; what ends takes far less, also on a machine busy with other things.
setDefaultTimeout(60_000);
const recorded = recordedStreams();

/** What `run` gives; nothing when it throws an RpcError. Fails for any other throw. */
function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return undefined;
  }
}

function streamsOf(name: DialectName) {
  return recorded.filter(({ dialect }) => dialect === name);
}

function framesOf(name: DialectName): Frame[][] {
  return streamsOf(name).map(({ bytes }) => {
    const parser = streamParser(dialects[name]);
    return [...parser.push(bytes), ...parser.end()];
  });
}

/** A stream with bytes overwritten, left out or said twice, and perhaps cut short. */
function damaged(bytes: Uint8Array) {
  const place = fc.nat(bytes.length - 1);
  const change = fc.tuple(place, fc.nat(8), fc.uint8Array({ maxLength: 8 }));
  return fc
    .tuple(fc.array(change, { maxLength: 4 }), fc.option(place, { nil: bytes.length }))
    .map(([changes, end]) => {
      let result = Buffer.from(bytes.subarray(0, end));
      for (const [at, length, added] of changes) {
        result = Buffer.concat([result.subarray(0, at), added, result.subarray(at + length)]);
      }
      return new Uint8Array(result);
    });
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    -1,
    1e300,
    [],
    {},
    [[]],
    { index: -1 },
    'é🎈',
    '{"a":',
  ),
);

/** A JSON value with one of its leaves or branches replaced, or left out. */
function withOddPlace(value: unknown, steps: readonly number[], put: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return put;
  const entries = Object.entries(value);
  const key = entries[step % Math.max(1, entries.length)]?.[0];
  if (key === undefined) return put;
  const changed = withOddPlace((value as Record<string, unknown>)[key], rest, put);
  if (Array.isArray(value)) return value.with(Number(key), changed);
  if (rest.length === 0 && put === undefined) {
    return Object.fromEntries(entries.filter(([name]) => name !== key));
  }
  return { ...value, [key]: changed };
}

const places = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 });

/** Frames of a recorded stream: some with an odd place, some twice, some not, some elsewhere. */
function oddFrames(frames: Frame[]) {
  const edit = fc.tuple(
    fc.nat(Math.max(0, frames.length - 1)),
    fc.oneof(
      fc.constantFrom('drop' as const, 'repeat' as const, 'swap' as const),
      fc.tuple(places, fc.option(odd, { nil: undefined })),
    ),
  );
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    const result = [...frames];
    for (const [at, what] of edits) {
      const frame = result[at];
      if (!frame) continue;
      if (what === 'drop') result.splice(at, 1);
      else if (what === 'repeat') result.splice(at, 0, frame);
      else if (what === 'swap') result.push(...result.splice(at, 1));
      else result[at] = { ...frame, data: oddData(frame.data, ...what) };
    }
    return result;
  });
}

function oddData(data: string, steps: number[], put: unknown): string {
  try {
    return JSON.stringify(withOddPlace(JSON.parse(data), steps, put)) ?? '';
  } catch {
    return JSON.stringify(put) ?? '';
  }
}

/** `FUZZ_FACTOR=100` looks longer, with as many times the inputs. */
const factor = Number(Bun.env.FUZZ_FACTOR ?? 1);
const runs = (count: number) => ({ numRuns: count * factor });

describe.each(dialectNames)('%s', (name) => {
  const dialect = dialects[name];

  function decode(frames: readonly Frame[]): void {
    const decoder = dialect.createEventDecoder();
    const events = unlessRefused(() => [
      ...frames.flatMap((frame) => decoder.push(frame)),
      ...decoder.end(),
    ]);
    // A decoder tells faults as events; it does not throw.
    expect(events).toBeDefined();
    expect(grammarFault(events ?? [])).toBeUndefined();
    const usage = { input: 0, output: 0 };
    for (const frame of frames) {
      unlessRefused(() => dialect.scanUsage(frame, usage));
      const error = unlessRefused(() => dialect.errorOfFrame(frame));
      if (error !== undefined) expect(codes).toContain(error.code);
    }
    for (const count of Object.values(usage)) expect(Number.isFinite(count)).toBe(true);
  }

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const events = unlessRefused(() => eventsOf(dialect, bytes));
        if (events) expect(grammarFault(events)).toBeUndefined();
      }),
      runs(60),
    );
  });

  test('recorded streams, damaged', () => {
    for (const { bytes } of streamsOf(name)) {
      fc.assert(
        fc.property(damaged(bytes), (input) => {
          const events = unlessRefused(() => eventsOf(dialect, input));
          if (events) expect(grammarFault(events)).toBeUndefined();
        }),
        runs(25),
      );
    }
  });

  test('recorded streams with odd frames', () => {
    for (const frames of framesOf(name)) {
      fc.assert(fc.property(oddFrames(frames), decode), runs(40));
    }
  });

  test('any JSON in frames', () => {
    const names = [...new Set(framesOf(name).flatMap((frames) => frames.map((one) => one.event)))];
    const frame = fc.record({
      event: fc.constantFrom(...names, 'unknown'),
      data: fc.oneof(
        odd.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
    });
    fc.assert(fc.property(fc.array(frame, { maxLength: 6 }), decode), runs(80));
  });

  test('any JSON as an answer, whole', () => {
    const seeds = framesOf(name).flat();
    const value = fc.oneof(
      odd,
      fc
        .tuple(fc.constantFrom(...seeds), places, odd)
        .map(([{ data }, steps, put]) => unlessRefused(() => parsed(oddData(data, steps, put)))),
    );
    fc.assert(
      fc.property(value, (body) => {
        const response = unlessRefused(() => dialect.decodeResponse(body));
        if (response) expect(response.choices.length).toBeGreaterThan(0);
        const usage = unlessRefused(() => dialect.readUsage(body));
        for (const count of Object.values(usage ?? {})) expect(Number.isFinite(count)).toBe(true);
      }),
      runs(100),
    );
  });

  test('any JSON as a request', () => {
    const request = {
      model: 'm',
      messages: [{ role: 'user', content: 'Hello', parts: [{ text: 'Hello' }] }],
      input: 'Hello',
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      max_tokens: 5,
      tools: [{ type: 'function', function: { name: 'f' }, name: 'f' }],
    };
    const value = fc.oneof(
      odd,
      fc.tuple(places, odd).map(([steps, put]) => withOddPlace(request, steps, put)),
    );
    fc.assert(
      fc.property(value, (body) => {
        unlessRefused(() => dialect.decodeRequest(body, { model: 'm', stream: false }));
      }),
      runs(150),
    );
  });

  test('any text as an error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      odd.map((value) => JSON.stringify(value)),
      fc
        .record({ error: odd, message: odd, type: odd, code: odd, status: odd, __type: odd })
        .map((value) => JSON.stringify(value)),
      fc
        .record({ message: odd, type: odd, code: odd, status: odd, details: odd })
        .map((error) => JSON.stringify({ error })),
      fc.constantFrom('<html><title>502 Bad Gateway</title></html>', '[', '\u0000'),
    );
    const headers = fc
      .dictionary(
        fc.constantFrom('retry-after', 'retry-after-ms', 'x-amzn-errortype', 'content-type'),
        fc.stringMatching(/^[ -~]{0,20}$/),
      )
      .map((fields) => new Headers(fields));
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), headers, text, (status, given, body) => {
        const error = unlessRefused(() => dialect.decodeError(status, given, body));
        expect(error).toBeInstanceOf(RpcError);
        expect(codes).toContain(error?.code as never);
        expect(error?.message).not.toBe('');
        const told = dialect.encodeError(error as RpcError, 'req-1');
        expect(told.status).toBeGreaterThanOrEqual(400);
      }),
      runs(150),
    );
  });
});

test.each(dialectNames)('%s: words that every object has name no error', (name) => {
  for (const word of ['__proto__', 'constructor', 'toString']) {
    const fault = { message: 'it failed', type: word, code: word, status: word, __type: word };
    for (const body of [fault, { error: fault }]) {
      const error = dialects[name].decodeError(500, new Headers(), JSON.stringify(body));
      expect(codes).toContain(error.code);
    }
  }
});

test.each(dialectNames)('%s: a redirect of a provider is no answer to a caller', (name) => {
  const { decodeError, encodeError } = dialects[name];
  expect(encodeError(decodeError(302, new Headers(), ''), 'req-1').status).toBeGreaterThanOrEqual(
    500,
  );
});

test.each(['openai-chat', 'openai-responses'] as const)(
  '%s: a time that no Date can tell is told to every caller as the present',
  (name) => {
    for (const { bytes } of streamsOf(name).slice(0, 1)) {
      const text = Buffer.from(bytes).toString();
      const late = text.replace(/"created(_at)?":\d+/g, '"created$1":1e300');
      expect(late).not.toBe(text);
      const events = eventsOf(dialects[name], Buffer.from(late));
      for (const caller of dialectNames) {
        const told = eventsOf(dialects[caller], streamBytes(dialects[caller], events));
        expect(told.at(-1)?.type).toBe(events.at(-1)!.type);
      }
    }
  },
);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
