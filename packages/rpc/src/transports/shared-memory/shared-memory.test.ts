import { describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { newSocketPath } from '../../testing/contract/harnesses.ts';
import { Notes } from '../../testing/note-service.ts';
import { Ring, ringFileBytes } from './ring.ts';
import { connectSharedMemory, listenSharedMemory } from './shared-memory.ts';

contractTests(
  {
    name: 'shared memory',
    lacks: ['compression'],
    async connect({ handler, limits = {}, clientHandler }) {
      const path = newSocketPath();
      const listener = await listenSharedMemory({ path, handler, limits });
      const transport = connectSharedMemory({
        path,
        limits,
        ...(clientHandler === undefined ? {} : { handler: clientHandler }),
      });
      return {
        transport,
        listener,
        async close() {
          await transport.close();
          await listener.close();
        },
      };
    },
  },
  test,
);

const echo = createServer().add(Notes, { echo: (note) => note });
/** What this process has mapped of rings, as proc(5) tells it. */
const mappedRings = () =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => /\/zrpc-[0-9a-f]{8}-/.test(line));

test('no file is left behind once both have it, and a side that slept wakes up', async () => {
  const path = newSocketPath();
  const listener = await listenSharedMemory({ path, handler: echo.handler, pollMs: 0 });
  const transport = connectSharedMemory({ path, pollMs: 0 });
  const client = createClient(Notes, transport);
  for (let i = 0; i < 20; i++) {
    expect((await client.echo({ number: i })).number).toBe(i);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(mappedRings().length).toBeGreaterThan(0);
  expect(mappedRings().filter((line) => !line.endsWith('(deleted)'))).toEqual([]);
  await transport.close();
  await listener.close();
});

test('a process that dies ends the calls of the other', async () => {
  const path = newSocketPath();
  const server = Bun.spawn(
    [
      process.execPath,
      '-e',
      `import { createServer } from ${JSON.stringify(join(import.meta.dir, '../../core/server.ts'))};
       import { Notes } from ${JSON.stringify(join(import.meta.dir, '../../testing/note-service.ts'))};
       import { listenSharedMemory } from ${JSON.stringify(join(import.meta.dir, 'shared-memory.ts'))};
       const server = createServer().add(Notes, {
         echo: (note) => note,
         async *list() { yield { text: 'first' }; await new Promise(() => {}); },
       });
       await listenSharedMemory({ path: ${JSON.stringify(path)}, handler: server.handler });
       console.log('ready');`,
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  );
  await server.stdout.getReader().read();
  const transport = connectSharedMemory({ path });
  const client = createClient(Notes, transport);
  expect((await client.echo({ text: 'over' })).text).toBe('over');
  const stream = client.list({})[Symbol.asyncIterator]();
  expect((await stream.next()).value.text).toBe('first');
  server.kill('SIGKILL');
  await expect(stream.next()).rejects.toMatchObject({ code: 'unavailable' });
  await transport.close();
  await rm(path, { force: true });
});

describe('Ring', () => {
  const size = 64;
  const rings = () => {
    const path = join(tmpdir(), `zrpc-ring-${process.pid}`);
    writeFileSync(path, new Uint8Array(ringFileBytes(size)));
    const writer = new Ring(Bun.mmap(path, { shared: true }), 0, size);
    return { writer, reader: new Ring(Bun.mmap(path, { shared: true }), 0, size), path };
  };

  test('gives out what was put in, in order, whatever the pieces', () => {
    const { writer, reader } = rings();
    let sent = 0;
    let seen = 0;
    fc.assert(
      fc.property(fc.array(fc.record({ put: fc.nat(100), take: fc.boolean() })), (steps) => {
        for (const { put, take } of steps) {
          const bytes = Uint8Array.from({ length: put }, (_, i) => (sent + i) & 0xff);
          sent += writer.write(bytes, 0, put);
          expect(sent - seen).toBeLessThanOrEqual(size);
          if (take) for (const byte of reader.read() ?? []) expect(byte).toBe(seen++ & 0xff);
        }
      }),
    );
  });

  test('a peer that moves the head too far is found out', () => {
    const { reader, path } = rings();
    new Int32Array(Bun.mmap(path, { shared: true }).buffer, 0, 1)[0] = 1_000;
    expect(reader.isBroken).toBe(true);
    expect(reader.read()).toBeUndefined();
  });
});
