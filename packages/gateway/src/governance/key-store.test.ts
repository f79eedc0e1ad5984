import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { type ApiKey, KeyStore } from './key-store.ts';
import { gatewayMigrations } from './migrations.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';

async function codeOf(work: () => ApiKey | Promise<ApiKey>): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (reason) {
    expect(reason).toBeInstanceOf(RpcError);
    return (reason as RpcError).message;
  }
}

/** A clock that tests move. */
function testClock() {
  const clock = { ms: Date.UTC(2026, 10, 21), now: () => clock.ms };
  return clock;
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`keys on ${kind}`, () => {
    test('migrations may run again', async () => {
      await using fixture = await testStorage(kind);
      await fixture.storage.migrate([gatewayMigrations]);
    });

    test('a key has the tier that it is made with, until it is given another', async () => {
      await using fixture = await testStorage(kind);
      const keys = new KeyStore({ storage: fixture.storage, now: testClock().now });
      const { key, secret } = await keys.create({ name: 'laptop', owner: 'ada', tier: 'pro' });
      expect((await keys.authenticate(secret)).tier).toBe('pro');
      expect((await keys.change(key.id, { tier: 'free' })).tier).toBe('free');
      expect((await keys.authenticate(secret)).tier).toBe('free');
      expect(await keys.change(key.id, { tier: null })).not.toHaveProperty('tier');
      await expect(keys.change('key_none', { tier: 'free' })).rejects.toThrow(
        'no key has the id key_none',
      );
    });

    test('a secret is shown once; the database has its hash only', async () => {
      await using fixture = await testStorage(kind);
      const keys = new KeyStore({ storage: fixture.storage, now: testClock().now });
      const { key, secret } = await keys.create({ name: 'laptop', owner: 'ada' });
      expect(secret).toMatch(/^zk-[A-Za-z0-9_-]{43}$/);
      expect(key).toMatchObject({ name: 'laptop', owner: 'ada', scopes: ['inference'] });
      expect(key.last4).toBe(secret.slice(-4));
      const [row] = await fixture.storage.db.selectFrom('gateway_keys').selectAll().execute();
      const text = JSON.stringify([row, key, await keys.list()]);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice(3, 30));
      expect(row?.sha256).toBe(new Bun.CryptoHasher('sha256').update(secret).digest('hex'));
    });

    test('a key opens, at hand the second time; another does not', async () => {
      await using fixture = await testStorage(kind);
      const keys = new KeyStore({ storage: fixture.storage, now: testClock().now });
      const { key, secret } = await keys.create({
        name: 'k',
        owner: 'ada',
        scopes: ['admin', 'inference'],
        allowedModels: ['gpt-*'],
      });
      expect(await keys.authenticate(secret)).toEqual(key);
      expect(keys.known(secret)).toEqual(key);
      const other = `zk-${'A'.repeat(43)}`;
      for (const wrong of [
        other,
        'zk-',
        `${secret}x`,
        secret.slice(0, -1),
        `zk-${'A'.repeat(100_000)}`,
      ]) {
        const message = await codeOf(() => keys.authenticate(wrong));
        expect(message).toContain('not valid');
        expect(message).not.toContain('AAAA');
      }
    });

    test('a revoked key is refused at once, also when it was being read meanwhile', async () => {
      await using fixture = await testStorage(kind);
      const clock = testClock();
      const keys = new KeyStore({ storage: fixture.storage, now: clock.now });
      const { key, secret } = await keys.create({ name: 'k', owner: 'ada' });
      const reading = keys.authenticate(secret);
      const revoking = keys.revoke(key.id);
      await Promise.allSettled([reading, revoking]);
      expect(await codeOf(() => keys.authenticate(secret))).toContain('revoked');
      clock.ms += 5;
      const again = await keys.revoke(key.id);
      expect(again.revokedAtMs).toBe(clock.ms - 5);
      expect(await codeOf(() => keys.revoke('key_none'))).toContain('no key has the id key_none');
    });

    test('a key that another process revoked is refused', async () => {
      await using fixture = await testStorage(kind);
      const clock = testClock();
      const keys = new KeyStore({ storage: fixture.storage, now: clock.now });
      const other = new KeyStore({ storage: await fixture.open(), now: clock.now });
      const { key, secret } = await keys.create({ name: 'k', owner: 'ada' });
      await keys.authenticate(secret);
      await other.revoke(key.id);
      clock.ms += kind === 'sqlite' ? 5 : 1_001;
      expect(await codeOf(() => keys.authenticate(secret))).toContain('revoked');
    });

    test('a key ends at its time', async () => {
      await using fixture = await testStorage(kind);
      const clock = testClock();
      const keys = new KeyStore({ storage: fixture.storage, now: clock.now });
      const expiresAtMs = clock.ms + 1_000;
      const { secret } = await keys.create({ name: 'k', owner: 'ada', expiresAtMs });
      clock.ms += 999;
      expect(await codeOf(() => keys.authenticate(secret))).toBe('ok');
      clock.ms += 1;
      expect(await codeOf(() => keys.authenticate(secret))).toContain('expired');
    });

    test('the last use of many keys is written together, and never goes back', async () => {
      await using fixture = await testStorage(kind);
      const clock = testClock();
      const keys = new KeyStore({ storage: fixture.storage, now: clock.now });
      const other = new KeyStore({ storage: await fixture.open(), now: clock.now });
      const made = [];
      for (let index = 0; index < 3; index++) {
        made.push(await keys.create({ name: `k${index}`, owner: 'ada' }));
      }
      for (const { secret } of made) {
        await keys.authenticate(secret);
        clock.ms += 10;
      }
      const [first, second, third] = made;
      await other.authenticate(first?.secret ?? '');
      await other.writeLastUsed();
      await keys.writeLastUsed();
      await keys.writeLastUsed();
      const used = new Map((await keys.list()).map(({ id, lastUsedAtMs }) => [id, lastUsedAtMs]));
      expect(used.get(first?.key.id ?? '')).toBe(clock.ms);
      expect(used.get(second?.key.id ?? '')).toBe(clock.ms - 20);
      expect(used.get(third?.key.id ?? '')).toBe(clock.ms - 10);
    });

    test('what the database refuses to write is written later', async () => {
      await using fixture = await testStorage(kind);
      const clock = testClock();
      const keys = new KeyStore({ storage: fixture.storage, now: clock.now });
      const { key, secret } = await keys.create({ name: 'k', owner: 'ada' });
      await keys.authenticate(secret);
      const { schema } = fixture.storage.db;
      await schema.alterTable('gateway_keys').renameTo('away').execute();
      await expect(keys.writeLastUsed()).rejects.toBeInstanceOf(RpcError);
      await schema.alterTable('away').renameTo('gateway_keys').execute();
      await keys.writeLastUsed();
      const [listed] = await keys.list();
      expect([listed?.id, listed?.lastUsedAtMs]).toEqual([key.id, clock.ms]);
    });
  });
}
