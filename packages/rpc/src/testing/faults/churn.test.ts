import { expect, test } from 'bun:test';
import type { Transport } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { timerWheel } from '../../core/timer-wheel.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { Notes } from '../note-service.ts';
import { testCertificates } from '../test-certificates.ts';
import { type ChurnEnds, churn } from './churn.ts';
import { faultService } from './fault-service.ts';
import { descriptorsOf } from './peers/statistics.ts';
import { faultTransports, freePlace, transportNames } from './transport-table.ts';

const calls = 250;
const streams = 50;

test.each(transportNames)('%s: nothing is left of calls that end in all ways', async (name) => {
  const { authority, server: pair } = await testCertificates();
  const tls = { ca: authority, cert: pair.certificate, key: pair.key };
  const { server, counts } = faultService();
  const timersBefore = timerWheel.size;
  const place = await freePlace(name);
  const options = { handler: server.handler, limits: {}, tls };
  const listener = await faultTransports[name].listen(place, options);
  const descriptorsBefore = descriptorsOf('self');
  const transport = faultTransports[name].connect(place, { limits: {}, tls });
  checkEnds(await churnOver(transport));
  await transport.close();
  await listener.close({ graceMs: 0 });
  await until(() => counts.running === 0 && descriptorsOf('self') <= descriptorsBefore);
  expect(timerWheel.size).toBeLessThanOrEqual(timersBefore);
});

test('memory: nothing is left of calls that end in all ways', async () => {
  const { server, counts } = faultService();
  const timersBefore = timerWheel.size;
  const connection = connectMemory({ handler: server.handler });
  checkEnds(await churnOver(connection));
  expect(connection.openCalls).toBe(0);
  await connection.close();
  await until(() => counts.running === 0);
  expect(timerWheel.size).toBeLessThanOrEqual(timersBefore);
});

function churnOver(transport: Transport): Promise<ChurnEnds> {
  return churn(createClient(Notes, transport), calls, streams, 1);
}

/** Each has one end, and none another than what was done to it. */
function checkEnds(ends: ChurnEnds): void {
  const sum = (counted: Readonly<Record<string, number>>): number =>
    Object.values(counted).reduce((total, count) => total + count, 0);
  expect([sum(ends.calls), sum(ends.streams)]).toEqual([calls, streams]);
  const { ok, not_found: failed, canceled, deadline_exceeded: _overdue, ...others } = ends.calls;
  expect([ok, failed, canceled]).not.toContain(undefined);
  expect(others).toEqual({});
}

/** Turns of the event loop, until it is true or the test's time is over. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
