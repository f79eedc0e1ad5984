import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { calmFetchThread } from './fetch-thread.ts';

test.skipIf(process.platform !== 'linux')(
  'only the thread of fetch gives way to the others',
  async () => {
    using server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
    await fetch(server.url);
    await calmFetchThread();
    const priorities = new Map(
      readdirSync('/proc/self/task').map((thread) => [
        readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(),
        getPriority(Number(thread)),
      ]),
    );
    expect(priorities.get('HTTP Client')).toBe(5);
    expect(getPriority()).toBe(0);
  },
);
