import { expect, test } from 'bun:test';
import { ConnectionFault } from './connection-fault.ts';
import { FloodGuard, floodWindowMs } from './flood-guard.ts';
import { errorCode } from './frame.ts';
import { http2LimitsWith } from './http2-limits.ts';

function guardAt(limit: number): { guard: FloodGuard; pass: (ms: number) => void } {
  let now = 1_000;
  const limits = http2LimitsWith({
    maxResets: limit,
    maxSettings: limit,
    maxPings: limit,
    maxEmptyFrames: limit,
    maxWindowUpdates: limit,
    maxIdleFrames: limit,
  });
  return {
    guard: new FloodGuard(limits, () => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

const kinds = ['reset', 'settings', 'ping', 'emptyFrame', 'windowUpdate', 'idleFrame'] as const;

test.each(kinds)('%s: as many as the limit, and no more within the time', (kind) => {
  const { guard, pass } = guardAt(3);
  for (let i = 0; i < 3; i++) guard[kind]();
  let fault: unknown;
  try {
    guard[kind]();
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(ConnectionFault);
  expect((fault as ConnectionFault).code).toBe(errorCode.enhanceYourCalm);
  expect((fault as ConnectionFault).message).toContain('max');
  pass(floodWindowMs);
  for (let i = 0; i < 3; i++) guard[kind]();
});

test('what was of use is given back', () => {
  const { guard } = guardAt(3);
  for (let i = 0; i < 100; i++) {
    guard.reset();
    guard.finished();
    guard.ping();
    for (let updates = 0; updates < 3; updates++) guard.windowUpdate();
    guard.sentData();
  }
  for (let i = 0; i < 3; i++) guard.reset();
  expect(() => guard.reset()).toThrow('maxResets');
});
