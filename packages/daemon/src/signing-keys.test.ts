import { expect, test } from 'bun:test';
import { type AuthConfig, createSecretStore, Secret } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { withSigningKeys } from './signing-keys.ts';

const environment = { ZEKE_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };

async function keysOf(auth: AuthConfig, home: string): Promise<string[]> {
  const secretStore = () => createSecretStore({ home, environment });
  const { signingKeys } = await withSigningKeys({ auth, home }, { secretStore });
  return [...(signingKeys?.values() ?? [])].map((key) => key.reveal());
}

const oauth = { tokenTtlMs: 60_000 };

test('a key is made once for a home, and is the same after a restart', async () => {
  await using home = await temporaryDirectory();
  const first = await keysOf({ requireAuth: true, oauth }, home.path);
  expect(first).toHaveLength(1);
  expect(first[0]).toMatch(/^[\w-]{43}$/);
  expect(await keysOf({ requireAuth: true, oauth }, home.path)).toEqual(first);
  await using other = await temporaryDirectory();
  expect(await keysOf({ requireAuth: true, oauth }, other.path)).not.toEqual(first);
});

test('processes that start together have one key', async () => {
  await using home = await temporaryDirectory();
  const starts = Array.from({ length: 6 }, () => keysOf({ requireAuth: true, oauth }, home.path));
  expect(new Set((await Promise.all(starts)).flat()).size).toBe(1);
});

test('keys of the configuration are taken, and none is made where nothing is signed', async () => {
  const secretStore = () => Promise.reject(new Error('no secret is to be asked for'));
  const signingKeys = new Map([['a', new Secret('of the configuration')]]);
  const own = { requireAuth: true, oauth, signingKeys };
  expect(await withSigningKeys({ auth: own, home: '/nowhere' }, { secretStore })).toBe(own);
  const plain = { requireAuth: true };
  expect(await withSigningKeys({ auth: plain, home: '/nowhere' }, { secretStore })).toBe(plain);
});
