import { describe, expect, test } from 'bun:test';
import { defaultLimits } from '../core/limits.ts';
import { monotonicNow } from '../core/timer-wheel.ts';
import { ConnectionTimer as Http2ConnectionTimer } from '../transports/http2/connection-timer.ts';
import { http2LimitsWith } from '../transports/http2/http2-limits.ts';
import { ConnectionTimer } from './connection-timer.ts';

/** A connection with an open call that notes what its timer does with it. */
function stub() {
  const done: string[] = [];
  return {
    done,
    peer: { transport: 'memory', address: 'memory' },
    isReady: true,
    openCalls: 1,
    ping: () => done.push('ping'),
    sendPing: () => done.push('ping'),
    drain: () => done.push('drain'),
    abort: () => done.push('abort'),
  };
}

/** The wheel calls so many milliseconds after the time that it was asked for. */
function look(timer: ConnectionTimer | Http2ConnectionTimer, lateMs: number): void {
  timer.dueAt = monotonicNow() - lateMs;
  timer.onDue();
}

const timers = {
  'own frames': (connection: ReturnType<typeof stub>) =>
    new ConnectionTimer(connection, defaultLimits),
  'HTTP/2': (connection: ReturnType<typeof stub>) =>
    new Http2ConnectionTimer(connection, http2LimitsWith({})),
};

for (const [name, make] of Object.entries(timers)) {
  describe(name, () => {
    test('a peer that is silent is asked, then given up', () => {
      const connection = stub();
      const timer = make(connection);
      look(timer, 1);
      expect(connection.done).toEqual(['ping']);
      look(timer, 1);
      expect(connection.done).toEqual(['ping', 'abort']);
      timer.stop();
    });

    test('an answer that this process was too slow to read keeps the connection', () => {
      const connection = stub();
      const timer = make(connection);
      look(timer, 1);
      look(timer, 5_000);
      timer.heard = true;
      look(timer, 1);
      expect(connection.done).toEqual(['ping']);
      timer.stop();
    });

    test('a process that is always late gives a silent peer up all the same', () => {
      const connection = stub();
      const timer = make(connection);
      for (let i = 0; i < 4; i++) look(timer, 5_000);
      expect(connection.done).toEqual(['ping', 'abort']);
      timer.stop();
    });

    test('a handshake that ended while this process stood still is not broken off', () => {
      const connection = { ...stub(), isReady: false };
      const timer = make(connection);
      look(timer, 5_000);
      connection.isReady = true;
      timer.start();
      look(timer, 1);
      expect(connection.done).toEqual(['ping']);
      timer.stop();
    });
  });
}
