import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createEventDecoder } from './decode-events.ts';

/** The events of reasoning that a stream of these `reasoning_details` gives. */
function thoughtsOf(...deltas: unknown[][]) {
  const decoder = createEventDecoder();
  return deltas
    .flatMap((reasoning_details) => {
      const choices = [{ index: 0, delta: { content: '', reasoning_details } }];
      return decoder.push({ event: '', data: JSON.stringify({ choices }) });
    })
    .filter(({ type }) => type !== 'response-start');
}

test('a field of another type than its own is as if it were not there', () => {
  const odd = { type: 'reasoning.text', text: [], id: {}, signature: 7, index: 'x' };
  expect(
    thoughtsOf(
      [odd],
      [
        { ...odd, text: 'So.' },
        { type: {}, text: 'no' },
      ],
    ),
  ).toEqual([
    { type: 'part-start', choice: 0, part: 0, kind: 'reasoning' },
    { type: 'reasoning-delta', choice: 0, part: 0, text: 'So.' },
  ]);
});

test('whatever the fields are, a thought is text', () => {
  const value = fc.jsonValue({ maxDepth: 1 });
  const detail = fc.record({
    type: fc.constantFrom('reasoning.text', 'reasoning.summary', 'reasoning.encrypted'),
    text: value,
    summary: value,
    data: value,
    signature: value,
    id: value,
    index: value,
  });
  fc.assert(
    fc.property(fc.array(detail), (details) => {
      for (const event of thoughtsOf(details)) {
        if (event.type === 'reasoning-delta') expect(event.text).toBeString();
        if (event.type === 'part-end') expect(event.signature?.value ?? '').toBeString();
      }
    }),
  );
});
