import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import { answerContext } from '../http/answer-context.ts';
import type { ChatEvent, FinishReason } from '../neutral/chat-event.ts';
import type { OutputPart } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { collectResponse } from '../neutral/collect-response.ts';
import { replayResponse } from '../neutral/replay-response.ts';
import { eventsOf, throughJson } from '../testing/caller-stream.ts';
import { grammarFault } from '../testing/event-grammar.ts';
import { recordedStreams } from '../testing/recorded-streams.ts';
import { type AnswerSource, decodeEntry, encodeEntry } from './answer-entry.ts';
import { type Listening, replay } from './replay.ts';

// Many small runs: a busy machine may take its time.
setDefaultTimeout(60_000);

const source: AnswerSource = { provider: 'p', model: 'm', passes: false, headers: {} };
/** Bedrock has no callers. */
const callers = Object.values(dialects).filter(({ name }) => name !== 'bedrock-converse');
const recorded = recordedStreams().flatMap(({ bytes, dialect, name }) => {
  const events = eventsOf(dialects[dialect], bytes);
  const isGood = events.some(({ type }) => type === 'response-end');
  return isGood ? [{ name: `${dialect}/${name}`, events }] : [];
});

function listening(dialect: Dialect, stream: boolean): Listening {
  const body = { model: 'p/m', stream_options: { include_usage: true } };
  return {
    exchange: {
      request: new Request('http://127.0.0.1/'),
      path: '/',
      query: '',
      requestId: 'req_1',
      atMs: 1_000,
      startedAt: 0,
      caller: { admin: false, inference: true },
      requestedModel: 'p/m',
      attempts: 0,
    },
    call: {
      dialect,
      text: '',
      body,
      model: 'p/m',
      stream,
      modelInBody: true,
      mayPassThrough: true,
      decode: () => dialect.decodeRequest(body, {}),
    },
  };
}

/** What a client reads in an answer, but for ids and times, which are each answer's own. */
function read(dialect: Dialect, stream: boolean, text: string): unknown {
  const events = stream ? eventsOf(dialect, Buffer.from(text)) : [];
  if (stream) expect(grammarFault(events)).toBeUndefined();
  const response = stream ? collectResponse(events) : dialect.decodeResponse(JSON.parse(text));
  const { choices, usage } = response;
  return throughJson({
    choices: choices.map(({ parts, ...choice }) => ({ ...choice, parts: parts.map(withoutId) })),
    usage,
  });
}

function withoutId(part: OutputPart): unknown {
  const { id: _, ...rest } = part as OutputPart & { id?: string };
  return rest;
}

/** What the caller who asked first is told, as it came from the provider. */
function told(to: Listening, events: readonly ChatEvent[]): string {
  const { call, exchange } = to;
  const context = answerContext(exchange, call, { provider: { name: 'p' }, model: 'm' });
  if (!call.stream) {
    return JSON.stringify(call.dialect.encodeResponse(collectResponse(events), context));
  }
  const encoder = call.dialect.createEventEncoder(context);
  return events.map((event) => encoder.push(event)).join('');
}

/** What is kept and told again. */
function toldAgain(to: Listening, events: readonly ChatEvent[]): string {
  const entry = { source, response: collectResponse(events), storedAtMs: 5 };
  const kept = decodeEntry(encodeEntry(entry));
  expect(kept).toBeDefined();
  return replay(to, source, (kept as typeof entry).response);
}

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,15}$/);
const json = fc
  .dictionary(
    name.filter((key) => key !== '__proto__'),
    fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    { maxKeys: 3 },
  )
  .map((value) => JSON.stringify(value));
const text: fc.Arbitrary<OutputPart> = words.map((value) => ({ type: 'text', text: value }));
const thought: fc.Arbitrary<OutputPart> = fc
  .tuple(words, fc.option(name))
  .map(([value, token]) => ({
    type: 'reasoning',
    text: value,
    ...(token === null ? {} : { signature: { origin: 'anthropic-messages', value: token } }),
  }));
const parts: fc.Arbitrary<OutputPart[]> = fc
  .tuple(
    fc.array(thought, { maxLength: 1 }),
    fc.array(text, { maxLength: 2 }),
    fc.array(fc.tuple(name, json), { maxLength: 3 }),
  )
  .filter((all) => all.some((each) => each.length > 0))
  .map(([thoughts, texts, calls]) => [
    ...thoughts,
    ...texts,
    ...calls.map(
      ([tool, given], index): OutputPart => ({
        type: 'tool-call',
        id: `call_${index}`,
        name: tool,
        arguments: given,
      }),
    ),
  ]);
const count = fc.integer({ min: 0, max: 1_000 });
const logprobs = fc.array(fc.record({ token: words, logprob: fc.integer({ min: -20, max: 0 }) }), {
  minLength: 1,
  maxLength: 3,
});
const choice = fc
  .tuple(parts, fc.constantFrom<FinishReason>('stop', 'length'), fc.option(logprobs))
  .map(([made, reason, tokens]) => ({
    parts: made,
    finishReason: made.some(({ type }) => type === 'tool-call') ? 'tool-calls' : reason,
    ...(tokens && made.some(({ type }) => type === 'text') ? { logprobs: tokens } : {}),
  }));
const answers: fc.Arbitrary<ChatResponse> = fc
  .tuple(fc.array(choice, { minLength: 1, maxLength: 2 }), count, count)
  .map(([choices, input, output]) => ({
    id: 'provider_1',
    model: 'm',
    createdAtMs: 7_000,
    choices: choices as ChatResponse['choices'],
    usage: { input, output },
  }));

/** The events of an answer, its texts cut anywhere. */
function cut(events: readonly ChatEvent[], at: number): ChatEvent[] {
  return events.flatMap((event): ChatEvent[] => {
    if (event.type !== 'text-delta') return [event];
    const letters = [...event.text];
    const half = at % (letters.length + 1);
    const { logprobs: all, ...bare } = event;
    return [letters.slice(0, half), letters.slice(half)]
      .filter((each) => each.length > 0)
      .map((each, index) => ({
        ...bare,
        text: each.join(''),
        ...(all && index === 0 ? { logprobs: all } : {}),
      }));
  });
}

describe.each(callers.map((dialect) => [dialect.name, dialect] as const))('in %s', (_, dialect) => {
  test.each([false, true])('an answer told again is the answer; stream: %p', (stream) => {
    fc.assert(
      fc.property(answers, count, (answer, at) => {
        const to = listening(dialect, stream);
        const events = cut(replayResponse(answer), at);
        expect(read(dialect, stream, toldAgain(to, events))).toEqual(
          read(dialect, stream, told(to, events)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each([false, true])('so are those recorded of every provider; stream: %p', (stream) => {
    expect(recorded.length).toBeGreaterThan(10);
    for (const { events, name: file } of recorded) {
      const to = listening(dialect, stream);
      const [again, first] = [toldAgain(to, events), told(to, events)].map((each) =>
        read(dialect, stream, each),
      );
      expect({ file, read: again }).toEqual({ file, read: first });
    }
  });

  test('id, time and model are the caller’s own', () => {
    const answer = fc.sample(answers, { numRuns: 1, seed: 1 })[0] as ChatResponse;
    const [whole, stream] = [false, true].map((streams) =>
      toldAgain(listening(dialect, streams), replayResponse(answer)),
    );
    for (const text of [whole, stream]) {
      expect(text).not.toContain('provider_1');
      expect(text).toContain('p/m');
    }
  });
});
