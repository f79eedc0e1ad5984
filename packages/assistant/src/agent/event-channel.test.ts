import { expect, test } from 'bun:test';
import { EventChannel } from './event-channel.ts';

const notice = (text: string) => ({ type: 'notice', text }) as const;

test('events come in order, what was sent before the end too, then the failure', async () => {
  const channel = new EventChannel();
  await channel.send(notice('a'));
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of channel.read()) if (event.type === 'notice') seen.push(event.text);
  })();
  await channel.send(notice('b'));
  channel.sendNow(notice('c'));
  channel.close({ error: new Error('over') });
  await channel.send(notice('too late'));
  await expect(reading).rejects.toThrow('over');
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('who sends waits for a slow reader; progress is dropped meanwhile; a close lets all go', async () => {
  const channel = new EventChannel();
  for (let count = 0; count < 1_000; count += 1) await channel.send(notice('x'));
  let isSent = false;
  const sending = channel.send(notice('last')).then(() => {
    isSent = true;
  });
  channel.sendNow({ type: 'tool-progress', callId: 'c', text: 'dropped' });
  await Promise.resolve();
  expect(isSent).toBe(false);
  const reader = channel.read();
  await reader.next();
  await sending;
  const types = new Set<string>();
  channel.close();
  for await (const event of reader) types.add(event.type);
  expect([...types]).toEqual(['notice']);

  const full = new EventChannel();
  for (let count = 0; count < 1_000; count += 1) await full.send(notice('x'));
  const waiting = full.send(notice('y'));
  full.close();
  await waiting;
});
