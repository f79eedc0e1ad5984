import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { timerWheel } from '../../core/timer-wheel.ts';
import { Notes } from '../note-service.ts';
import { testCertificates } from '../test-certificates.ts';
import { churn } from './churn.ts';
import { faultService } from './fault-service.ts';
import { descriptorsOf } from './peers/statistics.ts';
import { faultTransports, freePlace, type TransportName } from './transport-table.ts';

const calls = 400;
const streams = 80;
const transports: readonly TransportName[] = ['unix', 'websocket', 'http2', 'http2-tls', 'connect'];

test.each(transports)('%s: nothing is left of calls that end in all ways', async (name) => {
  const { authority, server: pair } = await testCertificates();
  const tls = { ca: authority, cert: pair.certificate, key: pair.key };
  const timersBefore = timerWheel.size;
  const { server, counts } = faultService();
  const place = await freePlace(name);
  const listener = await faultTransports[name].listen(place, {
    handler: server.handler,
    limits: {},
    tls,
  });
  const descriptorsBefore = descriptorsOf('self');
  const transport = faultTransports[name].connect(place, { limits: {}, tls });
  const ends = await churn(createClient(Notes, transport), calls, streams, 1);
  const sum = (counted: Readonly<Record<string, number>>): number =>
    Object.values(counted).reduce((total, count) => total + count, 0);
  expect([sum(ends.calls), sum(ends.streams)]).toEqual([calls, streams]);
  expect(Object.keys(ends.calls).sort()).toEqual([
    'canceled',
    'deadline_exceeded',
    'not_found',
    'ok',
  ]);
  await transport.close();
  await listener.close({ graceMs: 0 });
  while (counts.running > 0) await new Promise((resolve) => setImmediate(resolve));
  while (descriptorsOf('self') > descriptorsBefore) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(timerWheel.size).toBeLessThanOrEqual(timersBefore);
});
