import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { denyListDetectors, maxDeniedChars } from './detectors/deny-list.ts';
import { maxPersonalDataChars, personalDataDetectors } from './detectors/personal-data.ts';
import { maxSecretChars, secretDetectors } from './detectors/secrets.ts';
import { HeldItems } from './held-items.ts';
import { redactText } from './redact.ts';
import { planted } from './testing/planted.ts';
import { type TextForm, TextRule } from './text-rule.ts';

const secrets = new TextRule({
  name: 'keys',
  type: 'secrets',
  action: 'redact',
  detectors: secretDetectors(() => false),
  maxChars: maxSecretChars,
});
const personal = new TextRule({
  name: 'pii',
  type: 'personal_data',
  action: 'redact',
  detectors: personalDataDetectors([
    'email',
    'phone',
    'iban',
    'payment_card',
    'us_ssn',
    'ip_address',
  ]),
  maxChars: maxPersonalDataChars,
});
const denied = new TextRule({
  name: 'words',
  type: 'deny_list',
  action: 'redact',
  detectors: denyListDetectors({
    words: ['project falcon', 'acme.com', 'ünlü'],
    patterns: ['INT-\\d{4,8}', '<<.*>>'],
    ignoreCase: true,
  }),
  maxChars: maxDeniedChars,
});
const reported = new TextRule({
  name: 'seen',
  type: 'personal_data',
  action: 'report',
  detectors: personalDataDetectors(['email']),
  maxChars: maxPersonalDataChars,
});
const rules = [secrets, personal, denied, reported];

/** A text cut at these places, through a stream; what comes out, with the pieces it came in. */
function streamed(pieces: readonly string[], form: TextForm): { text: string; count: number } {
  const found: string[] = [];
  const held = new HeldItems<number>({ rules, onFinding: (_, text) => found.push(text) });
  let text = '';
  let count = 0;
  const take = (released: ReturnType<typeof held.end>, sent: readonly string[]) => {
    for (const { item, texts } of released) {
      expect(item).toBe(count++);
      text += texts?.[0] ?? sent[item];
    }
  };
  for (const [item, piece] of pieces.entries()) {
    take(
      held.push(item, [{ channel: 'a', text: piece, form }], () => false),
      pieces,
    );
  }
  take(held.end(), pieces);
  for (const each of found) expect(pieces.join('')).toContain(each);
  return { text, count };
}

const filler = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(' ', '\n', 'hello there ', 'see ', ', ', '.', '"', 'a', '4', '-', '@', 'é', '😀'),
);

function cut(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((each) => each % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
}

describe('a text in pieces', () => {
  for (const form of ['plain', 'json'] as const) {
    test(`is redacted as the whole text is, however it is cut (${form})`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.oneof(filler, fc.constantFrom(...planted)), { minLength: 1, maxLength: 12 }),
          fc.array(fc.nat(), { maxLength: 30 }),
          (parts, cuts) => {
            const text = parts.join('');
            const pieces = cut(text, cuts);
            const whole = redactText(text, rules, form).text;
            expect(streamed(pieces, form)).toEqual({ text: whole, count: pieces.length });
            // One character at a time, too.
            expect(streamed([...text], form).text).toBe(redactText(text, rules, form).text);
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  test('leaves nothing of what was planted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...planted), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (parts, cuts) => {
          const { text } = streamed(cut(parts.join(' and '), cuts), 'plain');
          for (const each of parts) expect(text).not.toContain(each);
          expect(
            text
              .replaceAll(/\[redacted:[\w-]+\]/g, '')
              .replaceAll(' and ', '')
              .trim(),
          ).toBe('');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('goes on where nothing can grow, and waits no longer than it may', () => {
    const held = new HeldItems<string>({ rules: [secrets], onFinding: () => undefined });
    const push = (text: string) =>
      held.push(text, [{ channel: 'a', text, form: 'plain' }], () => false).map(({ item }) => item);
    expect(push('Hello, ')).toEqual(['Hello, ']);
    expect(push('my key is ghp')).toEqual([]);
    expect(push('erson! ')).toEqual(['my key is ghp', 'erson! ']);
  });

  test('texts of their own do not wait for each other when they end', () => {
    const held = new HeldItems<number>({ rules: [personal], onFinding: () => undefined });
    const piece = (channel: string, text: string) => [{ channel, text, form: 'plain' as const }];
    expect(held.push(0, piece('a', 'call +1 555'), () => false)).toEqual([]);
    expect(held.push(1, piece('b', '. '), () => false)).toEqual([]);
    const released = held.push(2, [], (channel) => channel === 'a');
    expect(released.map(({ item }) => item)).toEqual([0, 1, 2]);
  });

  test('a number that JSON has outside a string becomes a string', () => {
    const json = '{"card":4111111111111111,"mail":"to a@example.org now"}';
    const { text } = redactText(json, rules, 'json');
    expect(JSON.parse(text)).toEqual({
      card: '[redacted:payment_card]',
      mail: 'to [redacted:email] now',
    });
  });

  test('a rule that blocks lets out what stands before, and nothing after', () => {
    const blocking = new TextRule({
      name: 'keys',
      type: 'secrets',
      action: 'block',
      detectors: secretDetectors(() => false),
      maxChars: maxSecretChars,
    });
    const held = new HeldItems<number>({ rules: [blocking], onFinding: () => undefined });
    const pieces = ['Here: ', `${planted[0]?.slice(0, 9)}`, `${planted[0]?.slice(9)} `, 'more'];
    const out = pieces.flatMap((text, item) =>
      held.push(item, [{ channel: 'a', text, form: 'plain' }], () => false),
    );
    expect(out.map(({ item }) => item)).toEqual([0]);
    expect(held.blocked).toMatchObject({ kind: 'github-pat', start: 6 });
    expect(held.end()).toEqual([]);
  });
});
