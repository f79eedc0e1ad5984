import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { traceContextOf, traceHeaders } from './trace-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test.each([
  [{ traceparent }, { traceparent }],
  [
    { traceparent, tracestate: 'a=1' },
    { traceparent, tracestate: 'a=1' },
  ],
  [{ traceparent: `${traceparent}-later` }, { traceparent: `${traceparent}-later` }],
  [{ traceparent, tracestate: 'x'.repeat(513) }, { traceparent }],
  [{ tracestate: 'a=1' }, undefined],
  [{ traceparent: traceparent.toUpperCase() }, undefined],
  [{ traceparent: `${traceparent}, ${traceparent}` }, undefined],
  [{ traceparent: '00-abc-def-01' }, undefined],
])('of %o it is %o', (headers, context) => {
  expect(traceContextOf(new Headers(headers as Record<string, string>))).toEqual(context);
});

test('whatever a caller sends, a provider is sent what has the form', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789abcdef-,= xyz') });
  fc.assert(
    fc.property(fc.oneof(text, fc.constant(traceparent)), text, (parent, tracestate) => {
      const headers = new Headers({ traceparent: parent, tracestate });
      const sent = traceHeaders({ sendsTraceContext: true }, undefined, headers);
      if (sent === undefined) return;
      expect(sent.traceparent).toMatch(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/);
      expect(Object.keys(sent).filter((name) => !name.startsWith('trace'))).toEqual([]);
    }),
  );
  expect(traceHeaders({}, undefined, new Headers({ traceparent }))).toBeUndefined();
});
