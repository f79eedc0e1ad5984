import { expect, test } from 'bun:test';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type Scheduled, systemClock } from '../core/clock.ts';
import { watchFiles } from './file-changes.ts';

/** A clock that tells when something is scheduled, and runs it when the test says so. */
class SteppedClock implements Clock {
  now = systemClock.now;
  #due: (() => void) | undefined;
  #scheduled = Promise.withResolvers<void>();

  schedule(_delayMs: number, callback: () => void): Scheduled {
    this.#due = callback;
    this.#scheduled.resolve();
    return {
      cancel: () => {
        if (this.#due === callback) this.#due = undefined;
      },
    };
  }

  /** Runs what has been scheduled last, as soon as something has. */
  async step(): Promise<void> {
    await this.#scheduled.promise;
    this.#scheduled = Promise.withResolvers<void>();
    this.#due?.();
  }
}

test('new content is told, however it comes; a touch, and other files, are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-changes-'));
  const path = join(folder, 'plugin.ts');
  await writeFile(path, 'one');
  const clock = new SteppedClock();
  let changes = 0;
  const stop = watchFiles({
    files: ['--flag', 'plugin.ts', 'missing.ts'],
    folder,
    settleMs: 100,
    clock,
    onChange: () => {
      changes += 1;
    },
  });
  await writeFile(path, 'two');
  await clock.step();
  expect(changes).toBe(1);
  await writeFile(join(folder, 'plugin.ts.new'), 'three');
  await rename(join(folder, 'plugin.ts.new'), path);
  await clock.step();
  expect(changes).toBe(2);
  await utimes(path, new Date(), new Date());
  await clock.step();
  await rm(path);
  await clock.step();
  expect(changes).toBe(2);
  await writeFile(path, 'four');
  await clock.step();
  expect(changes).toBe(3);
  stop();
  await rm(folder, { recursive: true });
});
