import { describe, expect, test } from 'bun:test';
import type { GuardrailConfig } from '@zeke/foundation';
import fc from 'fast-check';
import { dialects } from '../dialects/index.ts';
import { PassThrough } from '../http/pass-through.ts';
import { Translation } from '../http/translation.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import { collectResponse } from '../neutral/collect-response.ts';
import { callerContext, eventsOf, streamBytes } from '../testing/caller-stream.ts';
import { AnswerGuard } from './answer-guard.ts';
import { EventGuard } from './event-guard.ts';
import { FrameGuard } from './frame-guard.ts';
import { guardRule } from './guard-rule.ts';
import { redactText } from './redact.ts';
import { recordReaders } from './stream-texts.ts';
import { planted } from './testing/planted.ts';
import type { TextRule } from './text-rule.ts';
import { Trail } from './trail.ts';

const configs: GuardrailConfig[] = [
  { name: 'keys', check: { type: 'secrets', except: [] } },
  { name: 'people', check: { type: 'personal_data', kinds: ['email', 'phone', 'payment_card'] } },
  {
    name: 'words',
    check: { type: 'deny_list', words: ['project falcon'], patterns: [], ignoreCase: true },
  },
].map((each) => ({ action: 'redact', direction: 'out', scope: {}, ...each }) as GuardrailConfig);
const rules = configs.map(guardRule);
const textRules = rules.flatMap(({ check }) => (check.kind === 'texts' ? check.rule : []));
const log = { info: () => undefined, warn: () => undefined } as never;
const metrics = { finding: () => undefined, webhook: () => undefined, policy: () => undefined };

function answerGuard(): AnswerGuard {
  const trail = new Trail({ requestId: 'r', log, metrics, hashOf: () => '' });
  return new AnswerGuard({ rules, trail, fetch, request: {} as never });
}

/** An answer that thinks, speaks and calls a tool, its texts in pieces. */
function answer(thought: string[], said: string[], given: string): ChatEvent[] {
  const at = (part: number) => ({ choice: 0, part });
  return [
    { type: 'response-start', id: 'r', model: 'm', createdAtMs: 0 },
    { type: 'part-start', ...at(0), kind: 'reasoning' },
    ...thought.map((text): ChatEvent => ({ type: 'reasoning-delta', ...at(0), text })),
    { type: 'part-end', ...at(0) },
    { type: 'part-start', ...at(1), kind: 'text' },
    ...said.map((text): ChatEvent => ({ type: 'text-delta', ...at(1), text })),
    { type: 'part-end', ...at(1) },
    { type: 'part-start', ...at(2), kind: 'tool-call', callId: 'call_1', name: 'f' },
    ...given
      .split(/(?<=[ ":])/)
      .map((json): ChatEvent => ({ type: 'arguments-delta', ...at(2), json })),
    { type: 'part-end', ...at(2) },
    { type: 'finish', choice: 0, reason: 'tool-calls' },
    { type: 'usage', usage: { input: 3, output: 4 } },
    { type: 'response-end' },
  ];
}

/** What it comes to, without the ids that dialects make up. */
function gist(events: readonly ChatEvent[]) {
  const { choices, usage } = collectResponse(events);
  const texts = new Map<string, string>();
  for (const part of choices[0]?.parts ?? []) {
    const text = part.type === 'tool-call' ? part.arguments : 'text' in part ? part.text : '';
    texts.set(part.type, (texts.get(part.type) ?? '') + text);
  }
  const given = texts.get('tool-call');
  return {
    reasoning: texts.get('reasoning') ?? '',
    text: texts.get('text') ?? '',
    given: given === undefined ? undefined : JSON.parse(given),
    finish: choices[0]?.finishReason,
    output: usage?.output,
  };
}

const words = fc.constantFrom('hello ', 'see ', 'a', '+1 ', '"', '\n', '. ', '4', 'call me', 'é');
const text = fc
  .array(fc.oneof(words, fc.constantFrom(...planted)), { maxLength: 8 })
  .map((parts) => parts.join(''));
const pieces = fc.tuple(text, fc.array(fc.nat(), { maxLength: 8 })).map(([whole, cuts]) => {
  const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
  const all = [...places, whole.length].map((end, at) => whole.slice(places[at - 1] ?? 0, end));
  return all.filter(Boolean);
});

/** The texts as they are when they are redacted whole. */
function redacted(thought: string[], said: string[], given: string, each: readonly TextRule[]) {
  return {
    reasoning: redactText(thought.join(''), each).text,
    text: redactText(said.join(''), each).text,
    given: JSON.parse(redactText(given, each, 'json').text),
  };
}

const passing = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'ollama',
] as const;

describe.each(passing)('a stream of %s', (name) => {
  const dialect = dialects[name];
  const given = fc
    .tuple(text, fc.nat())
    .map(([key, n]) => JSON.stringify({ key, card: 4_111_111_111_111_111, n }));
  const cuts = fc.array(fc.nat(), { maxLength: 40 });

  /** The answer's bytes in chunks through a transform, as its caller reads them. */
  function through(
    transform: PassThrough | Translation,
    bytes: Uint8Array,
    at: number[],
  ): ChatEvent[] {
    const places = [...new Set(at.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
    const out: Uint8Array[] = [];
    for (const [index, end] of [...places, bytes.length].entries()) {
      out.push(Buffer.from(transform.push(bytes.subarray(places[index - 1] ?? 0, end))));
    }
    out.push(Buffer.from(transform.end()));
    expect(transform.complete).toBe(true);
    return eventsOf(dialect, new Uint8Array(Buffer.concat(out)));
  }

  test('that passes through is what its whole texts are when they are redacted', () => {
    fc.assert(
      fc.property(pieces, pieces, given, cuts, (thought, said, args, at) => {
        const events = answer(thought, ['x', ...said], args);
        const bytes = streamBytes(dialect, events);
        const guard = new FrameGuard(answerGuard(), dialect);
        const plain = gist(eventsOf(dialect, bytes));
        const out = gist(
          through(new PassThrough({ dialect, context: callerContext, guard }), bytes, at),
        );
        expect(out).toEqual({
          ...plain,
          ...redacted([plain.reasoning], [plain.text], JSON.stringify(plain.given), textRules),
        });
      }),
      { numRuns: 40 },
    );
  });

  test('that is translated is, too', () => {
    fc.assert(
      fc.property(pieces, pieces, given, cuts, (thought, said, args, at) => {
        const bytes = streamBytes(dialect, answer(thought, ['x', ...said], args));
        const plain = gist(eventsOf(dialect, bytes));
        const encoder = dialect.createEventEncoder(callerContext);
        const guard = new EventGuard(answerGuard());
        const out = gist(through(new Translation({ from: dialect, encoder, guard }), bytes, at));
        expect(out).toEqual({
          ...plain,
          ...redacted([plain.reasoning], [plain.text], JSON.stringify(plain.given), textRules),
        });
      }),
      { numRuns: 40 },
    );
  });

  test('whose records are anything breaks nothing', () => {
    const member = fc.constantFrom(
      'choices',
      'delta',
      'content',
      'index',
      'type',
      'candidates',
      'parts',
      'message',
      'tool_calls',
      'function',
      'arguments',
      'text',
      'finish_reason',
      'done',
      'item_id',
    );
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(member, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree.value, (value) => {
        const { ends, pieces: found } = recordReaders[name](value);
        for (const piece of found) expect(typeof piece.text).toBe('string');
        expect(typeof ends('a/b')).toBe('boolean');
        const guard = new FrameGuard(answerGuard(), dialect);
        const data = JSON.stringify(value);
        guard.push(Buffer.from(`data: ${data}\n\n`), { event: '', data });
        guard.end(true);
      }),
      { numRuns: 200 },
    );
  });
});
