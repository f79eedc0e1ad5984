import { describe, expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import { KeyStore } from './key-store.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';

const hourMs = 3_600_000;

async function refusalOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  return work.then(
    () => ({ code: 'ok', message: '' }),
    ({ code, message }: RpcError) => ({ code, message }),
  );
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`rotation on ${kind}`, () => {
    async function rotated(graceMs: number) {
      const fixture = await testStorage(kind);
      const clock = { ms: Date.UTC(2026, 10, 22) };
      const keys = new KeyStore({ storage: fixture.storage, now: () => clock.ms });
      const before = await keys.create({ name: 'laptop', owner: 'ada', tier: 'pro' });
      await keys.authenticate(before.secret);
      const after = await keys.rotate(before.key.id, graceMs);
      return { fixture, clock, keys, before, after };
    }

    test('both secrets are one key until the grace ends; which was sent is known', async () => {
      const { fixture, clock, keys, before, after } = await rotated(24 * hourMs);
      await using _ = fixture;
      expect(after.secret).not.toBe(before.secret);
      expect(after.key).toMatchObject({ id: before.key.id, tier: 'pro', name: 'laptop' });
      const sent = await keys.authenticate(after.secret);
      expect(sent).toMatchObject({ id: before.key.id, last4: after.secret.slice(-4) });
      expect(sent.sentRetired).toBeUndefined();
      const retired = {
        last4: before.secret.slice(-4),
        retiredAtMs: clock.ms,
        validUntilMs: clock.ms + 24 * hourMs,
      };
      expect(await keys.authenticate(before.secret)).toMatchObject({
        id: before.key.id,
        sentRetired: retired,
      });
      expect(keys.known(before.secret)?.sentRetired).toEqual(retired);

      clock.ms += hourMs;
      await keys.authenticate(before.secret);
      await keys.writeLastUsed();
      const [listed] = await keys.list();
      expect(listed?.retired).toEqual([{ ...retired, lastUsedAtMs: clock.ms }]);

      clock.ms += 23 * hourMs - 1;
      expect((await keys.authenticate(before.secret)).id).toBe(before.key.id);
      clock.ms += 1;
      const refusal = await refusalOf(keys.authenticate(before.secret));
      expect(refusal.code).toBe('unauthenticated');
      expect(refusal.message).toBe(
        `the API key ending in ${before.secret.slice(-4)} was rotated at 2026-11-22T00:00:00.000Z and worked until 2026-11-23T00:00:00.000Z: use the one ending in ${after.secret.slice(-4)} in its place`,
      );
      expect((await keys.authenticate(after.secret)).id).toBe(before.key.id);
    });

    test('without a grace the secret from before is refused at once', async () => {
      const { fixture, keys, before } = await rotated(0);
      await using _ = fixture;
      const refusal = await refusalOf(keys.authenticate(before.secret));
      expect(refusal.message).toContain('was rotated at');
    });

    test('each of several rotations keeps its own grace, and revoking ends all', async () => {
      const { fixture, clock, keys, before, after } = await rotated(2 * hourMs);
      await using _ = fixture;
      clock.ms += hourMs;
      const third = await keys.rotate(before.key.id, 2 * hourMs);
      for (const { secret } of [before, after, third]) {
        expect((await keys.authenticate(secret)).id).toBe(before.key.id);
      }
      clock.ms += hourMs;
      expect(await refusalOf(keys.authenticate(before.secret))).toMatchObject({
        code: 'unauthenticated',
      });
      expect((await keys.authenticate(after.secret)).id).toBe(before.key.id);
      await keys.revoke(before.key.id);
      for (const { secret } of [after, third]) {
        expect(await refusalOf(keys.authenticate(secret))).toMatchObject({
          message: expect.stringContaining('was revoked'),
        });
      }
      expect(await refusalOf(keys.rotate(before.key.id, 0))).toMatchObject({
        code: 'failed_precondition',
      });
    });

    test('of rotations at once one wins or they follow each other; no secret works unseen', async () => {
      const { fixture, keys, before } = await rotated(hourMs);
      await using _ = fixture;
      const results = await Promise.allSettled(
        Array.from({ length: 5 }, () => keys.rotate(before.key.id, 0)),
      );
      const made = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(made.length).toBeGreaterThan(0);
      const working = await Promise.all(
        made.map(async ({ secret }) => (await refusalOf(keys.authenticate(secret))).code === 'ok'),
      );
      expect(working.filter(Boolean)).toHaveLength(1);
    });

    test('what the database has of secrets are hashes', async () => {
      const { fixture, before, after } = await rotated(hourMs);
      await using _ = fixture;
      const rows = [
        await fixture.storage.db.selectFrom('gateway_retired_secrets').selectAll().execute(),
        await fixture.storage.db.selectFrom('gateway_keys').selectAll().execute(),
      ];
      for (const secret of [before.secret, after.secret]) {
        expect(JSON.stringify(rows)).not.toContain(secret.slice(3, 30));
      }
    });
  });
}
