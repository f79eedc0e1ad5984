import { expect, test } from 'bun:test';
import { defaultLimits } from '../core/limits.ts';
import { Metadata } from '../core/metadata.ts';
import { PayloadReader, PayloadWriter } from './payload.ts';

test('names that belong to HTTP or gRPC are left out of what a peer sends', () => {
  const sent = new Metadata()
    .appendUnchecked('host', 'elsewhere')
    .appendUnchecked('x-own', 'mine')
    .appendUnchecked('grpc-status-details-bin', new Uint8Array([1]));
  const writer = new PayloadWriter().pairs(sent);
  const reader = new PayloadReader().reset(writer.bytes, 0, writer.length);
  expect([...reader.pairs(defaultLimits)]).toEqual([['x-own', 'mine']]);
});
