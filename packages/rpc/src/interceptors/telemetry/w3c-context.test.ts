import { expect, test } from 'bun:test';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { Metadata, type MetadataInit } from '../../core/metadata.ts';
import { metadataGetter, traceMetadata, w3cPropagator } from './w3c-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const parent = `00-${traceId}-${spanId}-01`;

function extract(init: MetadataInit) {
  return w3cPropagator.extract(ROOT_CONTEXT, Metadata.from(init), metadataGetter);
}

const spanOf = (init: MetadataInit) => trace.getSpanContext(extract(init));
const baggageOf = (text: string) => propagation.getBaggage(extract({ baggage: text }));

test('a trace parent is read, with its state', () => {
  const span = spanOf({ traceparent: parent, tracestate: ['a=1', 'b=2'] });
  expect(span).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
  expect(span?.traceState?.serialize()).toBe('a=1,b=2');
});

test('later versions are read as far as they are known', () => {
  expect(spanOf({ traceparent: `01-${traceId}-${spanId}-01-more` })?.traceId).toBe(traceId);
});

test.each([
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}`,
  '',
])('%j is no trace parent', (traceparent) => {
  expect(spanOf({ traceparent })).toBeUndefined();
});

test('two trace parents are none, and a state without a parent is nothing', () => {
  expect(spanOf({ traceparent: [parent, parent] })).toBeUndefined();
  expect(spanOf({ tracestate: 'a=1' })).toBeUndefined();
});

test('baggage is read: spaces, percent signs, properties, and no member that is none', () => {
  const baggage = baggageOf('user = Ada%20L , plan=free;ttl=5;x, broken, =x, bad=%zz, a b=c');
  const entries = baggage
    ?.getAllEntries()
    .map(([key, { value, metadata }]) => [key, value, metadata?.toString()]);
  expect(entries).toEqual([
    ['user', 'Ada L', undefined],
    ['plan', 'free', 'ttl=5;x'],
  ]);
});

test('baggage over the limits is left out', () => {
  expect(baggageOf(`a=${'x'.repeat(8192)}`)).toBeUndefined();
  const many = Array.from({ length: 200 }, (_, index) => `k${index}=1`).join(',');
  expect(baggageOf(many)?.getAllEntries()).toHaveLength(180);
});

test('what was read is written again', () => {
  const init = {
    traceparent: parent,
    tracestate: 'a=1,b=2',
    baggage: 'user=Ada%20L,plan=free;ttl=5',
  };
  expect(Object.fromEntries(traceMetadata(extract(init)))).toEqual(init);
});

test('an empty context writes nothing', () => {
  expect(traceMetadata(ROOT_CONTEXT).size).toBe(0);
});

test('baggage that cannot be sent is left out', () => {
  const baggage = propagation.createBaggage({
    'two words': { value: 'x' },
    long: { value: 'x'.repeat(9000) },
    name: { value: 'Zoë' },
  });
  const written = traceMetadata(propagation.setBaggage(ROOT_CONTEXT, baggage));
  expect(Object.fromEntries(written)).toEqual({ baggage: 'name=Zo%C3%AB' });
});

test('no text makes it throw, and what it reads can be sent', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 80 });
  fc.assert(
    fc.property(text, text, text, (traceparent, tracestate, baggage) => {
      const context = extract({ traceparent, tracestate, baggage });
      expect(traceMetadata(context).size).toBeLessThanOrEqual(3);
    }),
    { numRuns: 300 },
  );
});

test('any baggage comes through', () => {
  const key = fc.stringMatching(/^[a-z_]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(key, fc.string({ maxLength: 20 }), { maxKeys: 10 }), (values) => {
      const entries = Object.entries(values).map(([name, value]) => [name, { value }] as const);
      const baggage = propagation.createBaggage(Object.fromEntries(entries));
      const metadata = traceMetadata(propagation.setBaggage(ROOT_CONTEXT, baggage));
      const read = propagation.getBaggage(
        w3cPropagator.extract(ROOT_CONTEXT, metadata, metadataGetter),
      );
      const pairs = (read?.getAllEntries() ?? []).map(([name, { value }]) => [name, value]);
      expect(Object.fromEntries(pairs)).toEqual({ ...values });
    }),
    { numRuns: 100 },
  );
});
