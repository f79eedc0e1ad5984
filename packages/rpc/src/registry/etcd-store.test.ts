import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type EtcdProcess, etcdProcess } from '../testing/etcd-process.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { skipsWithoutProgram } from '../testing/redis-process.ts';
import { registryTests, until } from '../testing/registry-suite.ts';
import { etcdRegistry } from './etcd-store.ts';

const notes = { name: 'zrpc.test.Notes', version: '1.0.0', address: 'unix:/run/x.sock' };

describe.skipIf(skipsWithoutProgram('etcd', process.env.CI))('etcd', () => {
  let server: EtcdProcess;
  let url: string;
  let prefixes = 0;

  beforeAll(async () => {
    server = await etcdProcess();
    url = server.url;
  });

  afterAll(() => server[Symbol.asyncDispose]());

  function newPrefix(): string {
    prefixes += 1;
    return `/test/${prefixes}/`;
  }

  async function ask(method: string, request: object): Promise<Record<string, unknown>> {
    const body = JSON.stringify(request);
    const response = await fetch(`${url}/v3/${method}`, { method: 'POST', body });
    return (await response.json()) as Record<string, unknown>;
  }

  registryTests(
    {
      name: 'etcd',
      async connect() {
        const prefix = newPrefix();
        // The clock stands still: what is found is found by the watch.
        const clock = new ManualClock();
        return {
          one: etcdRegistry({ url, prefix, clock }),
          other: etcdRegistry({ url, prefix, clock }),
          async close() {},
        };
      },
    },
    test,
  );

  async function leases(): Promise<Set<string>> {
    const answer = await ask('lease/leases', {});
    const found = (answer.leases ?? []) as { readonly ID: string }[];
    return new Set(found.map(({ ID }) => ID));
  }

  test('an instance whose lease ends is gone, and comes back with the next renewal', async () => {
    const prefix = newPrefix();
    const before = await leases();
    const clock = new ManualClock();
    await using owner = etcdRegistry({ url, prefix, clock });
    await owner.register(notes, { ttlMs: 6_000 });
    const [lease] = (await leases()).difference(before);
    await using registry = etcdRegistry({ url, prefix, clock: new ManualClock() });
    using discovery = await registry.discover({ name: notes.name });
    expect(discovery.current).toHaveLength(1);
    // As the end of its time would, without waiting for it.
    await ask('lease/revoke', { ID: lease });
    await until(discovery, (instances) => instances.length === 0);
    clock.advance(2_000);
    await until(discovery, (instances) => instances.length === 1);
  });

  test('a renewal keeps the lease that is there', async () => {
    const prefix = newPrefix();
    const clock = new ManualClock();
    await using registry = etcdRegistry({ url, prefix, clock });
    const before = await leases();
    const lease = await registry.register(notes, { ttlMs: 6_000 });
    await lease.setHealth('serving');
    await lease.setHealth('not-serving');
    expect((await leases()).difference(before).size).toBe(1);
  });

  test('what no registry has written is ignored', async () => {
    const prefix = newPrefix();
    const key = Buffer.from(`${prefix}odd`).toString('base64');
    await ask('kv/put', { key, value: Buffer.from('{}').toString('base64') });
    await using registry = etcdRegistry({ url, prefix });
    const { instance } = await registry.register(notes);
    expect(await registry.list()).toEqual([instance]);
  });
});

test('an etcd that is gone, or answers oddly, is out of reach', async () => {
  const answers = [
    () => Promise.reject(new TypeError('fetch failed')),
    async () => new Response('no', { status: 503 }),
    async () => new Response('[', { status: 200 }),
    async () => new Response('7', { status: 200 }),
  ];
  for (const fetch of answers) {
    const registry = etcdRegistry({ url: 'http://127.0.0.1:1', fetch });
    const failed = await registry.register(notes).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'unavailable', retryable: true });
  }
});
