import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import type { FinishReason } from '../neutral/chat-event.ts';
import type { OutputPart } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { collectResponse } from '../neutral/collect-response.ts';
import { dialectNames } from '../neutral/dialect-name.ts';
import { replayResponse } from '../neutral/replay-response.ts';
import { gistOf } from '../testing/answer-gist.ts';
import { callerContext, eventsOf, streamBytes, throughJson } from '../testing/caller-stream.ts';
import { grammarFault } from '../testing/event-grammar.ts';
import { dialects } from './index.ts';

// Many small runs: a busy machine may take its time.
setDefaultTimeout(60_000);

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => {
  return text.trim() !== '';
});
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,15}$/);
const object = fc
  .dictionary(
    name.filter((key) => key !== '__proto__'),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer())),
    { maxKeys: 3 },
  )
  .map((value) => JSON.stringify(value));

const text: fc.Arbitrary<OutputPart> = words.map((value) => ({ type: 'text', text: value }));
const reasoning: fc.Arbitrary<OutputPart> = fc
  .tuple(words, fc.option(name))
  .map(([value, token]) => ({
    type: 'reasoning',
    text: value,
    ...(token === null ? {} : { signature: { origin: 'anthropic-messages', value: token } }),
  }));
const call = fc.tuple(name, object);

/** Thoughts, then text, then calls, as models answer; every call with an id of its own. */
const parts: fc.Arbitrary<OutputPart[]> = fc
  .tuple(
    fc.array(reasoning, { maxLength: 2 }),
    fc.array(text, { maxLength: 3 }),
    fc.array(call, { maxLength: 3 }),
  )
  .map(([thoughts, texts, calls]) => [
    ...thoughts,
    ...texts,
    ...calls.map(
      ([tool, json], index): OutputPart => ({
        type: 'tool-call',
        id: `call_${index}`,
        name: tool,
        arguments: json,
      }),
    ),
  ]);

/** Of one token at the least: dialects read a record of zeros as none. */
const answer: fc.Arbitrary<ChatResponse> = fc
  .tuple(
    parts,
    fc.constantFrom<FinishReason>('stop', 'length', 'content-filter'),
    fc.integer({ min: 1, max: 9_999 }),
    fc.nat(999),
    fc.nat(999),
  )
  .map(([all, reason, fresh, output, cachedInput]) => ({
    id: 'answer',
    model: 'm',
    createdAtMs: 1_700_000_000_000,
    choices: [
      {
        parts: all,
        finishReason:
          reason === 'stop' && all.some((part) => part.type === 'tool-call')
            ? 'tool-calls'
            : reason,
      },
    ],
    usage: {
      input: fresh + cachedInput,
      output,
      ...(cachedInput > 0 ? { cachedInput } : {}),
    },
  }));

/** Reasons that a client treats alike. */
const classOf: Record<FinishReason, string> = {
  stop: 'done',
  'stop-sequence': 'done',
  pause: 'done',
  'tool-calls': 'calls',
  length: 'cut',
  'context-length': 'cut',
  'content-filter': 'blocked',
  refusal: 'blocked',
  error: 'failed',
};

function essence(response: ChatResponse) {
  const [choice] = response.choices;
  const ids = choice!.parts.flatMap((part) => (part.type === 'tool-call' ? part.id : []));
  return {
    ...gistOf(response),
    areIdsUnique: new Set(ids).size === ids.length && !ids.includes(''),
    finish: classOf[choice!.finishReason],
    usage: { input: response.usage?.input, output: response.usage?.output },
  };
}

describe.each(dialectNames)('answers of %s', (from) => {
  const provider = dialects[from];

  test.each(dialectNames)('streamed to a caller of %s', (to) => {
    const caller = dialects[to];
    fc.assert(
      fc.property(answer, (response) => {
        const events = eventsOf(provider, streamBytes(provider, replayResponse(response)));
        expect(grammarFault(events)).toBeUndefined();
        const told = eventsOf(caller, streamBytes(caller, events));
        expect(grammarFault(told)).toBeUndefined();
        expect(essence(collectResponse(told))).toEqual(essence(response));
      }),
      { numRuns: 25 },
    );
  });

  test.each(dialectNames)('whole to a caller of %s', (to) => {
    const caller = dialects[to];
    fc.assert(
      fc.property(answer, (response) => {
        const sent = throughJson(provider.encodeResponse(response, callerContext));
        const read = provider.decodeResponse(sent);
        const told = throughJson(caller.encodeResponse(read, callerContext));
        expect(essence(caller.decodeResponse(told))).toEqual(essence(response));
        expect(caller.readUsage(told)).toMatchObject(essence(response).usage);
      }),
      { numRuns: 25 },
    );
  });
});
