import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { storageKinds, type TestStorage, testStorage } from '../testing/test-storage.ts';
import { type Asker, Consents, maxPendingOfCaller, type Need } from './consents.ts';

const shell: Need = { policy: 'tools', what: { tool: 'shell' } };
const cloud: Need = { policy: 'cloud', reason: 'costs money', what: { provider: 'openai' } };
const hourMs = 3_600_000;

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`consents on ${kind}`, () => {
    let database: TestStorage;
    let now = 1_000_000;
    let asker: Asker;
    let callers = 0;

    beforeAll(async () => {
      database = await testStorage(kind);
    });
    afterAll(() => database[Symbol.asyncDispose]());

    /** A caller of its own for each test, as the database is one. */
    const consents = () => {
      asker = { caller: `key_${++callers}`, session: 's1', project: 'p1', model: 'm', orgId: 'o' };
      return new Consents({ storage: database.storage, now: () => now });
    };

    test('are asked for once, under an id that nobody guesses, and shown while they wait', async () => {
      const all = consents();
      expect(await all.use(asker, [shell, cloud])).toBe('open');
      const id = await all.ask(asker, [shell, cloud]);
      expect(id).toMatch(/^consent_[\w-]{32}$/);
      expect(await all.ask(asker, [cloud, shell])).toBe(id);
      expect(await all.ask(asker, [shell])).not.toBe(id);
      expect(await all.ask({ ...asker, session: 's2' }, [shell, cloud])).not.toBe(id);
      const found = (await all.pending()).find((each) => each.id === id);
      expect(found).toMatchObject({ caller: asker.caller, session: 's1', orgId: 'o', model: 'm' });
      expect(found?.needs).toEqual(expect.arrayContaining([shell, cloud]));
    });

    test('given once are used by one of many requests at once', async () => {
      const all = consents();
      const id = await all.ask(asker, [shell, cloud]);
      await all.decide(id, 'allow_once', 'admin-key');
      const other = new Consents({ storage: await database.open(), now: () => now });
      const said = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? all : other).use(asker, [shell, cloud])),
      );
      expect(said.filter((each) => each === 'granted')).toHaveLength(1);
      expect(said.filter((each) => each === 'open')).toHaveLength(19);
    });

    test('given for a session or a project hold there, for a part of what was asked too', async () => {
      const all = consents();
      await all.decide(await all.ask(asker, [shell, cloud]), 'allow_session', 'admin-key');
      expect(await all.use(asker, [shell, cloud])).toBe('granted');
      expect(await all.use({ ...asker, project: 'p2' }, [shell])).toBe('granted');
      expect(await all.use({ ...asker, session: 's2' }, [shell])).toBe('open');
      expect(await all.use({ ...asker, caller: 'key_else' }, [shell])).toBe('open');
      expect(await all.use(asker, [{ ...shell, what: { tool: 'other' } }])).toBe('open');
      const later = { ...asker, session: 's3' };
      await all.decide(await all.ask(later, [shell]), 'allow_project', 'admin-key');
      expect(await all.use({ ...asker, session: 's4' }, [shell])).toBe('granted');
    });

    test('outlive a restart, and end when their time is over', async () => {
      const all = consents();
      await all.decide(await all.ask(asker, [shell]), 'allow_session', 'admin-key');
      const again = new Consents({ storage: await database.open(), now: () => now });
      expect(await again.use(asker, [shell])).toBe('granted');
      now += 25 * hourMs;
      expect(await again.use(asker, [shell])).toBe('open');
    });

    test('that are denied are denied within the session and project, until somebody says otherwise', async () => {
      const all = consents();
      await all.decide(await all.ask(asker, [shell]), 'deny', 'admin-key');
      expect(await all.use(asker, [shell])).toBe('denied');
      expect(await all.use({ ...asker, session: 's2' }, [shell])).toBe('open');
      now += 1;
      await all.decide(await all.ask(asker, [shell]), 'allow_once', 'admin-key');
      expect(await all.use(asker, [shell])).toBe('granted');
    });

    test('are decided once, in time, and only where the request names the place', async () => {
      const all = consents();
      const id = await all.ask({ ...asker, session: undefined }, [shell]);
      await expect(all.decide(id, 'allow_session', 'x')).rejects.toThrow('names no session');
      const both = await Promise.allSettled([
        all.decide(id, 'allow_once', 'x'),
        all.decide(id, 'deny', 'y'),
      ]);
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(all.decide(id, 'deny', 'x')).rejects.toThrow('decided already');
      await expect(all.decide('consent_unknown', 'deny', 'x')).rejects.toThrow(
        'no consent is asked',
      );
      const late = await all.ask(asker, [cloud]);
      now += 2 * hourMs;
      await expect(all.decide(late, 'deny', 'x')).rejects.toThrow('no consent is asked');
    });

    test('are limited in number', async () => {
      const all = consents();
      for (let at = 0; at < maxPendingOfCaller; at++) {
        await all.ask(asker, [{ policy: 'p', what: { tool: `t${at}` } }]);
      }
      await expect(all.ask(asker, [shell])).rejects.toThrow('questions of this key wait');
      now += 2 * hourMs;
      expect(await all.ask(asker, [shell])).toStartWith('consent_');
    });
  });
}
