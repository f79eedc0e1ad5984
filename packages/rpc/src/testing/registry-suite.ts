import assert from 'node:assert/strict';
import type { Discovery, Instance, Registration, Registry } from '../registry/registry.ts';
import { RpcError } from '../rpc-error.ts';

export interface RegistryHarness {
  readonly name: string;
  /** Two registries that share what they know, as two processes do. */
  connect(): Promise<{
    readonly one: Registry;
    readonly other: Registry;
    close(): Promise<void>;
  }>;
}

const notes: Registration = {
  name: 'zrpc.test.Notes',
  version: '1.4.0',
  address: 'unix:/run/notes.sock',
  capabilities: ['search', 'export'],
  labels: { zone: 'north' },
};

/** Registers what every kind of registry must do, as tests of any runner. */
export function registryTests(
  harness: RegistryHarness,
  test: (name: string, run: () => Promise<void>) => unknown,
): void {
  for (const [name, run] of Object.entries(cases)) {
    test(`${harness.name}: ${name}`, async () => {
      const { one, other, close } = await harness.connect();
      try {
        await run(one, other);
      } finally {
        await Promise.allSettled([one.close(), other.close()]);
        await close();
      }
    });
  }
}

/** Resolves when the discovery has instances of which this holds. */
export function until(
  discovery: Discovery,
  holds: (instances: readonly Instance[]) => boolean,
): Promise<void> {
  if (holds(discovery.current)) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = discovery.onChange((instances) => {
      if (!holds(instances)) return;
      stop();
      resolve();
    });
  });
}

const cases: Record<string, (one: Registry, other: Registry) => Promise<void>> = {
  async 'what one registers, another one finds, as it was said'(one, other) {
    const { instance } = await one.register(notes);
    const { id, health, ...said } = instance;
    assert.deepEqual(said, notes);
    assert.equal(health, 'serving');
    assert.match(id, /^[\w.-]+$/);
    using discovery = await other.discover({ name: notes.name });
    assert.deepEqual(discovery.current, [instance]);
    assert.deepEqual(await other.list(), [instance]);
  },

  async 'who looks first is told of who comes and goes'(one, other) {
    using discovery = await other.discover({ name: notes.name });
    assert.deepEqual(discovery.current, []);
    const lease = await one.register(notes);
    await until(discovery, (instances) => instances.length === 1);
    await lease.revoke();
    await until(discovery, (instances) => instances.length === 0);
  },

  async 'an instance that does not serve is listed, and nobody is sent to it'(one, other) {
    using discovery = await other.discover({ name: notes.name });
    const lease = await one.register(notes, { health: 'not-serving' });
    assert.deepEqual(await other.list(), [lease.instance]);
    assert.deepEqual(discovery.current, []);
    await lease.setHealth('serving');
    await until(discovery, (instances) => instances.length === 1);
    await lease.setHealth('not-serving');
    await until(discovery, (instances) => instances.length === 0);
    assert.equal((await other.list())[0]?.health, 'not-serving');
  },

  async 'instances are found by version and capability'(one, other) {
    const { instance: old } = await one.register(notes);
    const { instance: recent } = await one.register({ ...notes, version: '1.40.2-rc.1' });
    const { instance: plain } = await one.register({ ...notes, version: '2', capabilities: [] });
    const found = async (version?: string, capabilities: readonly string[] = []) => {
      const query = {
        name: notes.name,
        capabilities,
        ...(version === undefined ? {} : { version }),
      };
      using discovery = await other.discover(query);
      return new Set(discovery.current.map(({ id }) => id));
    };
    assert.deepEqual(await found(), new Set([old.id, recent.id, plain.id]));
    assert.deepEqual(await found('1'), new Set([old.id, recent.id]));
    assert.deepEqual(await found('1.4'), new Set([old.id]));
    assert.deepEqual(await found('1.40.2'), new Set([recent.id]));
    assert.deepEqual(await found('2'), new Set([plain.id]));
    assert.deepEqual(await found(undefined, ['export', 'search']), new Set([old.id, recent.id]));
    assert.deepEqual(await found(undefined, ['print']), new Set());
    using none = await other.discover({ name: 'zrpc.test.Other' });
    assert.deepEqual(none.current, []);
  },

  async 'many register at once, and none is lost'(one, other) {
    const registering = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : other).register({ ...notes, address: `unix:/run/${index}` }),
    );
    const leases = await Promise.all(registering);
    const ids = (await one.list()).map(({ id }) => id);
    assert.deepEqual(new Set(ids), new Set(leases.map(({ instance }) => instance.id)));
  },

  async 'a registry that closes takes what it has registered with it'(one, other) {
    await other.register({ ...notes, address: 'unix:/run/other.sock' });
    const { instance } = await one.register(notes);
    using discovery = await other.discover({ name: notes.name });
    await one.close();
    await until(discovery, (instances) => instances.length === 1);
    assert.notEqual(discovery.current[0]?.id, instance.id);
    await assert.rejects(one.list(), isClosed);
    await assert.rejects(one.register(notes), isClosed);
  },

  async 'what cannot be registered is refused, by the name of the field'(one) {
    const wrong: [string, Partial<Record<keyof Registration, unknown>>][] = [
      ['name', { name: 'two words' }],
      ['name', { name: '' }],
      ['version', { version: 'latest' }],
      ['address', { address: '' }],
      ['capabilities', { capabilities: 'search' }],
      ['labels', { labels: { zone: 7 } }],
    ];
    for (const [field, change] of wrong) {
      const registration = { ...notes, ...change } as Registration;
      await assert.rejects(one.register(registration), new RegExp(`registry: ${field} `));
    }
    await assert.rejects(one.register(notes, { ttlMs: 10 }), /ttlMs/);
    assert.deepEqual(await one.list(), []);
  },
};

function isClosed(error: unknown): boolean {
  return error instanceof RpcError && error.code === 'failed_precondition';
}
