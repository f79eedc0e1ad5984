import { expect, test } from 'bun:test';
import { type Endpoints, weightOf } from '../balancing/endpoints.ts';
import type { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { registryTests } from '../testing/registry-suite.ts';
import type { InstanceStore } from './instance-store.ts';
import { memoryRegistry, memoryStore } from './memory-store.ts';
import { storedRegistry } from './stored-registry.ts';

const notes = { name: 'zrpc.test.Notes', version: '1.0.0', address: 'memory' };

registryTests(
  {
    name: 'memory',
    async connect() {
      const store = memoryStore();
      return {
        one: storedRegistry({ store }),
        other: storedRegistry({ store }),
        async close() {},
      };
    },
  },
  test,
);

/** Lets all that is under way in promises come to rest. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a lease renews itself for as long as its registry lives', async () => {
  const clock = new ManualClock();
  await using registry = memoryRegistry({ clock });
  await registry.register(notes, { ttlMs: 3_000 });
  for (let i = 0; i < 10; i++) {
    clock.advance(1_000);
    await settle();
  }
  expect(await registry.list()).toHaveLength(1);
});

test('an instance that nobody renews ends at its time, and who watches is told', async () => {
  const clock = new ManualClock();
  const store = memoryStore(clock);
  const dead = storedRegistry({ store, clock: new ManualClock() });
  await using registry = storedRegistry({ store, clock });
  await dead.register(notes, { ttlMs: 3_000 });
  using discovery = await registry.discover({ name: notes.name });
  const counts: number[] = [];
  discovery.onChange((instances) => counts.push(instances.length));
  clock.advance(2_999);
  await settle();
  expect(discovery.current).toHaveLength(1);
  clock.advance(1);
  await settle();
  expect(counts).toEqual([0]);
});

/** A store that fails while it is told to. */
function unreliable(store: InstanceStore) {
  const state = { fails: false };
  const guard = <T>(work: () => Promise<T>) =>
    state.fails ? Promise.reject(new Error('connection reset')) : work();
  const wrapped: InstanceStore = {
    put: (instance, ttlMs) => guard(() => store.put(instance, ttlMs)),
    remove: (instance) => guard(() => store.remove(instance)),
    read: () => guard(() => store.read()),
    watch: (changed) => store.watch(changed),
    close: () => store.close(),
  };
  return { state, wrapped };
}

test('while the store is out of reach, what is known stays, and leases are renewed when it is back', async () => {
  const clock = new ManualClock();
  const { state, wrapped } = unreliable(memoryStore(clock));
  const errors: RpcError[] = [];
  const registry = storedRegistry({
    store: wrapped,
    clock,
    onError: (error) => errors.push(error),
    random: () => 0.5,
  });
  await registry.register(notes, { ttlMs: 3_000 });
  using discovery = await registry.discover({ name: notes.name });
  state.fails = true;
  for (let i = 0; i < 8; i++) {
    clock.advance(1_000);
    await settle();
  }
  expect(discovery.current).toHaveLength(1);
  expect(errors.length).toBeGreaterThan(5);
  expect(errors[0]).toMatchObject({ code: 'unavailable', retryable: true });
  state.fails = false;
  clock.advance(5_000);
  await settle();
  expect(await registry.list()).toHaveLength(1);
  expect(discovery.current).toHaveLength(1);
  await registry.close();
  expect(clock.pending).toBe(0);
});

test('a store out of reach at the start is said so', async () => {
  const { state, wrapped } = unreliable(memoryStore());
  state.fails = true;
  const registry = storedRegistry({ store: wrapped, clock: new ManualClock() });
  const codes: unknown[] = [];
  for (const work of [registry.register(notes), registry.discover(notes), registry.list()]) {
    codes.push(await work.then(() => 'ok').catch((error: RpcError) => error.code));
  }
  expect(codes).toEqual(['unavailable', 'unavailable', 'unavailable']);
});

test('a lease that is revoked is not renewed, and its health cannot be set', async () => {
  const clock = new ManualClock();
  await using registry = memoryRegistry({ clock });
  const lease = await registry.register(notes);
  const renewing = lease.setHealth('not-serving');
  await Promise.all([renewing, lease.revoke(), lease.revoke()]);
  expect(await registry.list()).toEqual([]);
  expect(clock.pending).toBe(0);
  expect(lease.setHealth('serving')).rejects.toThrow('revoked');
});

test('what is discovered can be balanced over', async () => {
  await using registry = memoryRegistry();
  await registry.register({ ...notes, labels: { weight: '3' } });
  using discovery = await registry.discover({ name: notes.name });
  const endpoints: Endpoints = discovery;
  expect(endpoints.current.map(weightOf)).toEqual([3]);
});
