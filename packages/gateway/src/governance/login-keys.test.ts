import { describe, expect, test } from 'bun:test';
import { Orgs } from './entities/orgs.ts';
import { Users } from './entities/users.ts';
import { KeyStore } from './key-store.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`keys of logins on ${kind}`, () => {
    async function start() {
      const fixture = await testStorage(kind);
      const clock = { ms: 1_000_000 };
      const options = { storage: fixture.storage, now: () => clock.ms };
      const org = await new Orgs(options).create('acme');
      const users = new Users(options);
      const ada = await users.create({ name: 'ada', orgId: org.id, role: 'member' });
      return { fixture, clock, users, ada, keys: new KeyStore(options) };
    }

    const login = { name: 'login', owner: 'ada', login: 'browser' } as const;

    test('the role of the provider wins while the user is there, and no longer', async () => {
      const { ada, fixture, keys, users } = await start();
      await using _ = fixture;
      const own = await keys.create({ ...login, userId: ada.id });
      const given = await keys.create({ ...login, userId: ada.id, role: 'admin' });
      expect(await keys.authenticate(own.secret)).toMatchObject({
        role: 'member',
        login: 'browser',
      });
      expect((await keys.authenticate(given.secret)).role).toBe('admin');
      await users.change(ada.id, { role: 'viewer' });
      keys.forgetAll();
      expect((await keys.authenticate(own.secret)).role).toBe('viewer');
      expect((await keys.authenticate(given.secret)).role).toBe('admin');
      await fixture.storage.db.deleteFrom('gateway_users').execute();
      keys.forgetAll();
      expect((await keys.authenticate(given.secret)).role).toBe('viewer');
    });

    test('those that ended long ago are forgotten, and no other key is', async () => {
      const { clock, fixture, keys } = await start();
      await using _ = fixture;
      const expiresAtMs = clock.ms + 1_000;
      await keys.create({ ...login, name: 'old login', expiresAtMs });
      await keys.create({ ...login, name: 'new login', expiresAtMs: expiresAtMs + 1 });
      await keys.create({ name: 'old key', owner: 'ada', expiresAtMs });
      await keys.create({ name: 'key', owner: 'ada' });
      await keys.forgetLogins(expiresAtMs + 1);
      const names = (await keys.list()).map(({ name }) => name);
      expect(names.sort()).toEqual(['key', 'new login', 'old key']);
    });
  });
}
