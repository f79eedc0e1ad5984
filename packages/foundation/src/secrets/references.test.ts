import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { followReference, isReference, type ReferenceDependencies } from './references.ts';
import { Secret } from './secret.ts';

const asked: string[] = [];

/** Secrets that say where they are from; the keychain is there or not. */
function dependencies(keychain: 'there' | 'silent' | 'broken' = 'there'): ReferenceDependencies {
  return {
    environment: { A: 'from the environment' },
    folder: '/nowhere',
    secretStore: async () => ({
      get: async (name) => (name === 'none' ? undefined : new Secret(`${name} of the store`)),
    }),
    keychain: async () => {
      if (keychain === 'broken') throw new Error('the keychain is locked');
      if (keychain === 'silent') return undefined;
      return { get: async (name) => (name === 'mine' ? 'of the keychain' : undefined) };
    },
    vault: async (path, key) => {
      asked.push(`${path} ${key}`);
      return { ok: true, value: 'of Vault' };
    },
  };
}

test.each([
  ['env:A', 'from the environment'],
  ['secret:mine', 'mine of the store'],
  ['keychain:mine', 'of the keychain'],
  ['keychain:other', 'other of the store'],
  ['vault:a/b#c', 'of Vault'],
])('%s leads to: %s', async (text, value) => {
  expect(await followReference(text, dependencies())).toEqual({ ok: true, value });
});

test.each([
  ['secret:none', 'zeke secrets set none keeps one'],
  ['keychain:none', 'there is no secret called none in the keychain'],
  ['secret:', 'nothing follows secret:'],
  ['file:none', 'cannot read /nowhere/none: there is no such file'],
])('%s leads nowhere: %s', async (text, reason) => {
  expect(await followReference(text, dependencies())).toEqual({
    ok: false,
    reason: expect.stringContaining(reason),
  });
});

describe('a keychain', () => {
  test('that does not answer leaves the name to the store', async () => {
    const found = await followReference('keychain:mine', dependencies('silent'));
    expect(found).toEqual({ ok: true, value: 'mine of the store' });
  });

  test('that fails is told', async () => {
    const found = await followReference('keychain:mine', dependencies('broken'));
    expect(found).toEqual({ ok: false, reason: 'the keychain is locked' });
  });
});

test('no text throws, and Vault is asked for paths that stay where they are', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('a', '/', '.', '#', '?', '\\', '%', ' ', '\n') }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('vault:', 'secret:', 'env:', ''),
      text,
      async (scheme, end) => {
        asked.length = 0;
        const found = await followReference(scheme + end, dependencies());
        expect(typeof found.ok).toBe('boolean');
        if (!isReference(scheme + end)) expect(found.ok).toBe(false);
        for (const each of asked) {
          const path = each.slice(0, each.lastIndexOf(' '));
          const { pathname } = new URL(
            path.split('/').map(encodeURIComponent).join('/'),
            'http://x',
          );
          expect(pathname.split('/').length).toBe(path.split('/').length + 1);
        }
      },
    ),
  );
});
