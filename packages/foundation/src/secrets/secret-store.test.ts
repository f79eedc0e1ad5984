import { describe, expect, test } from 'bun:test';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { temporaryDirectory } from '../testing/index.ts';
import { createSecretStore } from './create-secret-store.ts';
import { Secret } from './secret.ts';
import type { SecretStore } from './secret-store.ts';
import { memoryKeychain, noKeychain } from './testing/keychains.ts';

const keyA = 'ab'.repeat(32);
const keyB = 'cd'.repeat(32);

interface OpenOptions {
  readonly key?: string;
  readonly entries?: Map<string, string>;
  readonly now?: () => number;
}

/** A store as another process would open it. */
function open(home: string, { key, entries, now = () => 1_000 }: OpenOptions = {}) {
  const environment = key === undefined ? {} : { ZEKE_SECRETS_KEY: key };
  const keychain = entries === undefined ? noKeychain : memoryKeychain(entries);
  return createSecretStore({ home, environment, keychain, now });
}

async function revealed(store: SecretStore, name: string): Promise<string | undefined> {
  return (await store.get(name))?.reveal();
}

async function failureOf(work: Promise<unknown>): Promise<RpcError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe.each([
  ['a file', (): OpenOptions => ({})],
  ['the keychain', (): OpenOptions => ({ entries: new Map() })],
  ['the environment', (): OpenOptions => ({ key: keyA })],
])('with the master key in %s', (place, make) => {
  test('secrets are set, found, listed, replaced and deleted', async () => {
    await using home = await temporaryDirectory();
    const options = make();
    const path = join(home.path, 'new');
    const store = await open(path, options);
    expect(await revealed(store, 'openai')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    await store.set('openai', new Secret('sk-1'));
    await store.set('constructor', new Secret('ü'));
    const later = await open(path, { ...options, now: () => 2_000 });
    const facts = { name: 'openai', version: 2, createdAtMs: 1_000, updatedAtMs: 2_000 };
    expect(await later.set('openai', new Secret('sk-2'))).toEqual(facts);
    const again = await open(path, options);
    expect(await revealed(again, 'openai')).toBe('sk-2');
    expect(await revealed(again, 'constructor')).toBe('ü');
    expect((await again.list()).map(({ name }) => name)).toEqual(['constructor', 'openai']);
    expect((await again.list())[1]).toEqual(facts);
    expect([await again.delete('openai'), await again.delete('openai')]).toEqual([true, false]);
    expect(await revealed(store, 'openai')).toBeUndefined();
  });

  test('the key is replaced, and values are not touched', async () => {
    await using home = await temporaryDirectory();
    const options = make();
    const store = await open(home.path, options);
    await store.set('a', new Secret('one'));
    await store.set('b', new Secret('two'));
    const file = () => readFile(join(home.path, 'secrets.json'), 'utf8').then(JSON.parse);
    const before = await file();
    const next = place === 'the environment' ? { key: `${keyB},${keyA}` } : options;
    const rotated = await (await open(home.path, next)).rotate();
    const after = await file();
    expect(rotated).toEqual({ ...after.master, secrets: 2 });
    expect(after.master.id).not.toBe(before.master.id);
    expect(after.secrets.a).toEqual({ ...before.secrets.a, key: after.secrets.a.key });
    expect(after.secrets.a.key).not.toBe(before.secrets.a.key);
    const reopened = await open(home.path, next);
    expect([await revealed(reopened, 'a'), await revealed(reopened, 'b')]).toEqual(['one', 'two']);
    // The old key is nowhere.
    if (place === 'a file') {
      expect(await readFile(join(home.path, 'secrets.key'), 'utf8')).toMatch(/^\S+\n$/);
    } else if (place === 'the keychain') {
      expect([...(options.entries ?? [])].map(([name]) => name)).toEqual([
        `master-key/${rotated.id}`,
      ]);
    }
  });
});

describe('secrets.json', () => {
  test('is for its owner alone, and holds no secret in the clear', async () => {
    await using home = await temporaryDirectory();
    const store = await open(home.path);
    await store.set('openai', new Secret('sk-very-secret'));
    for (const name of ['secrets.json', 'secrets.key']) {
      expect((await stat(join(home.path, name))).mode & 0o777).toBe(0o600);
    }
    const text = await readFile(join(home.path, 'secrets.json'), 'utf8');
    expect(text).not.toContain('very-secret');
    expect(text).not.toContain(Buffer.from('sk-very-secret').toString('base64').slice(0, 12));
  });

  test('keeps all of many writes at once', async () => {
    await using home = await temporaryDirectory();
    const [one, other] = [await open(home.path), await open(home.path)];
    const names = Array.from({ length: 20 }, (_, index) => `name-${index}`);
    await Promise.all(
      names.map((name, index) => (index % 2 ? one : other).set(name, new Secret(name))),
    );
    expect((await one.list()).map(({ name }) => name)).toEqual(names.toSorted());
    const found = await Promise.all(names.map((name) => revealed(other, name)));
    expect(found).toEqual(names);
    expect((await readdir(home.path)).toSorted()).toEqual([
      'secrets.json',
      'secrets.key',
      'secrets.lock',
    ]);
  });

  test('keeps what several processes wrote, also those that were killed', async () => {
    await using home = await temporaryDirectory();
    const script = `
      import { createSecretStore } from ${JSON.stringify(join(import.meta.dir, 'create-secret-store.ts'))};
      import { Secret } from ${JSON.stringify(join(import.meta.dir, 'secret.ts'))};
      const environment = { ZEKE_SECRETS_KEY: ${JSON.stringify(keyA)} };
      const store = await createSecretStore({ home: ${JSON.stringify(home.path)}, environment });
      for (let index = 0; index < 1_000; index += 1) {
        const name = process.argv.at(-1) + '-' + index;
        await store.set(name, new Secret('value of ' + name));
        process.stdout.write(name + ' ');
      }`;
    const written = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const child = Bun.spawn([process.execPath, '-e', script, '--', name], { stdout: 'pipe' });
        let told = '';
        for await (const bytes of child.stdout) {
          told += new TextDecoder().decode(bytes);
          // Killed somewhere in the middle of the next write.
          if (told.split(' ').length > 5) child.kill('SIGKILL');
        }
        return told.split(' ').slice(0, -1);
      }),
    );
    const store = await open(home.path, { key: keyA });
    const names = written.flat();
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const name of names) expect(await revealed(store, name)).toBe(`value of ${name}`);
    await store.set('after', new Secret('x'));
    expect(await revealed(store, 'after')).toBe('x');
  });

  test('says so when a record was moved, mixed with another version, or redated', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'secrets.json');
    const store = await open(home.path);
    await store.set('mine', new Secret('sk-1'));
    const first = JSON.parse(await readFile(path, 'utf8')).secrets.mine;
    await store.set('mine', new Secret('sk-2'));
    const file = JSON.parse(await readFile(path, 'utf8'));
    const { mine } = file.secrets;
    const unopened = [
      { theirs: mine },
      { mine: { ...mine, key: first.key } },
      { mine: { ...mine, version: 1 } },
    ];
    const openedInVain = [
      { mine: { ...mine, value: first.value } },
      { mine: { ...mine, updatedAtMs: 5_000 } },
    ];
    for (const secrets of [...unopened, ...openedInVain]) {
      await writeFile(path, JSON.stringify({ ...file, secrets }));
      const error = await failureOf(store.get(Object.keys(secrets)[0] ?? ''));
      expect(error.code).toBe('data_loss');
      expect(error.message).toContain('zeke secrets delete');
    }
    for (const secrets of unopened) {
      await writeFile(path, JSON.stringify({ ...file, secrets }));
      expect((await failureOf(store.rotate())).code).toBe('data_loss');
    }
    await writeFile(path, JSON.stringify(file));
    expect(await revealed(store, 'mine')).toBe('sk-2');
  });

  test.each([
    ['cut short', '{"version":2,"master":{"id', 'its end is missing'],
    ['empty', '', 'its end is missing'],
    ['other text', 'a: b}', 'it is not JSON'],
    ['not an object', '["x"]', 'its beginning'],
    ['a field too many', '{"version":1,"secrets":{},"x":1}', 'its beginning'],
    ['a bad record', '{"version":1,"secrets":{"a":{"iv":1,"data":""}}}', 'secrets.a.iv'],
    ['a bad name', '{"version":1,"secrets":{"a b":{"iv":"","data":""}}}', 'secrets'],
  ])('says so when it is damaged: %s', async (_, text, where) => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'secrets.json');
    const store = await open(home.path);
    await writeFile(path, text);
    const works = [() => store.get('a'), () => store.set('a', new Secret('b')), () => store.list()];
    for (const work of works) {
      const error = await failureOf(work());
      expect(error.code).toBe('data_loss');
      expect(error.message).toContain(path);
      expect(error.message).toContain(where);
    }
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('refuses what a newer zeke wrote', async () => {
    await using home = await temporaryDirectory();
    await writeFile(join(home.path, 'secrets.json'), '{"version":3}');
    const error = await failureOf((await open(home.path)).list());
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toContain('newer zeke');
  });

  test('refuses bad names and values', async () => {
    await using home = await temporaryDirectory();
    const store = await open(home.path);
    for (const name of ['', 'a b', '__proto__', 'a'.repeat(201), '../x']) {
      expect((await failureOf(store.set(name, new Secret('x')))).code).toBe('invalid_argument');
    }
    for (const value of ['', 'x'.repeat(65_537)]) {
      expect((await failureOf(store.set('a', new Secret(value)))).code).toBe('invalid_argument');
    }
    expect(await store.list()).toEqual([]);
  });
});

describe('the master key', () => {
  test('of ZEKE_SECRETS_KEY may be hex, base64 or a file, and no other opens', async () => {
    await using home = await temporaryDirectory();
    const entries = new Map<string, string>();
    await (await open(home.path, { key: keyA, entries })).set('openai', new Secret('sk-1'));
    expect(entries.size).toBe(0);
    const base64 = Buffer.from(keyA, 'hex').toString('base64');
    const path = join(home.path, 'my.key');
    await writeFile(path, `${base64}\n`, { mode: 0o600 });
    for (const key of [base64, `file:${path}`, `${keyB},${keyA}`]) {
      expect(await revealed(await open(home.path, { key }), 'openai')).toBe('sk-1');
    }
    const wrong = await failureOf((await open(home.path, { key: keyB })).get('openai'));
    expect(wrong.code).toBe('failed_precondition');
    expect(wrong.message).toMatch(/master key [0-9a-f]{16}, and ZEKE_SECRETS_KEY has another/);
    const without = await failureOf((await open(home.path)).get('openai'));
    expect(without.message).toContain('came from ZEKE_SECRETS_KEY: set it');
    const bad = await failureOf((await open(home.path, { key: 'abcdef' })).get('openai'));
    expect(bad.message).toContain('ZEKE_SECRETS_KEY is not a key');
    expect(bad.message).not.toContain('abcdef');
    const gone = await failureOf((await open(home.path, { key: 'file:/none' })).get('openai'));
    expect(gone.message).toContain('/none');
  });

  test('is refused in a file that others may read', async () => {
    await using home = await temporaryDirectory();
    const store = await open(home.path);
    await store.set('openai', new Secret('sk-1'));
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(join(home.path, 'secrets.key'), mode);
      const error = await failureOf(store.get('openai'));
      expect(error.code).toBe('failed_precondition');
      expect(error.message).toContain('chmod 600');
    }
  });

  test('that is lost is named, and a store without secrets takes a new one', async () => {
    await using home = await temporaryDirectory();
    const entries = new Map<string, string>();
    const store = await open(home.path, { entries });
    await store.set('openai', new Secret('sk-1'));
    const silent = await failureOf((await open(home.path)).get('openai'));
    expect(silent.message).toContain('the keychain, which has the master key, does not answer');
    entries.clear();
    const lost = await failureOf(store.get('openai'));
    expect(lost.message).toContain("is not in this user's keychain");
    expect((await failureOf(store.set('b', new Secret('x')))).code).toBe('failed_precondition');
    expect(await store.delete('openai')).toBe(true);
    await store.set('openai', new Secret('sk-2'));
    expect(await revealed(store, 'openai')).toBe('sk-2');
  });

  test('moves to the environment when it is replaced there', async () => {
    await using home = await temporaryDirectory();
    await (await open(home.path)).set('openai', new Secret('sk-1'));
    const moved = await (await open(home.path, { key: keyA })).rotate();
    expect(moved.place).toBe('environment');
    expect(await readdir(home.path)).not.toContain('secrets.key');
    const store = await open(home.path, { key: keyA });
    expect(await revealed(store, 'openai')).toBe('sk-1');
    const same = await failureOf(store.rotate());
    expect(same.message).toContain('no other key than the one in use');
  });

  test('opens after a crash at any step of its replacement', async () => {
    await using home = await temporaryDirectory();
    const [store, keyPath] = [await open(home.path), join(home.path, 'secrets.key')];
    await store.set('openai', new Secret('sk-1'));
    const old = await readFile(keyPath, 'utf8');
    const oldFile = await readFile(join(home.path, 'secrets.json'), 'utf8');
    await store.rotate();
    const next = await readFile(keyPath, 'utf8');
    const both = next + old;
    // Before the secrets were written, and after.
    for (const file of [oldFile, await readFile(join(home.path, 'secrets.json'), 'utf8')]) {
      await writeFile(join(home.path, 'secrets.json'), file);
      await writeFile(keyPath, both);
      expect(await revealed(store, 'openai')).toBe('sk-1');
      await store.rotate();
      expect(await revealed(store, 'openai')).toBe('sk-1');
    }
  });

  test('cannot be replaced where there is none', async () => {
    await using home = await temporaryDirectory();
    expect((await failureOf((await open(home.path)).rotate())).code).toBe('failed_precondition');
  });
});

describe('a file of the first format', () => {
  /** Written by the first version of zeke, with the key of 32 bytes `ab`. */
  const old = {
    version: 1,
    secrets: {
      openai: { iv: 'AAECAwQFBgcICQoL', data: '' },
      xai: { iv: 'AAECAwQFBgcICQoM', data: '' },
    },
  };

  async function oldFile(): Promise<typeof old> {
    const key = await crypto.subtle.importKey('raw', Buffer.from(keyA, 'hex'), 'AES-GCM', false, [
      'encrypt',
    ]);
    const file = structuredClone(old);
    for (const [name, entry] of Object.entries(file.secrets)) {
      const iv = Buffer.from(entry.iv, 'base64');
      const algorithm = { name: 'AES-GCM', iv, additionalData: Buffer.from(name) };
      const data = await crypto.subtle.encrypt(algorithm, key, Buffer.from(`sk-${name}`));
      entry.data = Buffer.from(data).toString('base64');
    }
    return file;
  }

  test('is read as it is, and written anew with the next value', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'secrets.json');
    await writeFile(path, JSON.stringify(await oldFile()), { mode: 0o600 });
    await writeFile(join(home.path, 'secrets.key'), `${keyA}\n`, { mode: 0o600 });
    const store = await open(home.path, { entries: new Map() });
    expect(await revealed(store, 'openai')).toBe('sk-openai');
    expect((await store.list()).map(({ name }) => name)).toEqual(['openai', 'xai']);
    expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(1);
    await store.set('new', new Secret('value'));
    expect(JSON.parse(await readFile(path, 'utf8')).version).toBe(2);
    const values = await Promise.all(['openai', 'xai', 'new'].map((name) => revealed(store, name)));
    expect(values).toEqual(['sk-openai', 'sk-xai', 'value']);
    expect((await store.rotate()).secrets).toBe(3);
  });

  test('loses nothing where a secret is damaged or the key is another', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'secrets.json');
    const file = await oldFile();
    file.secrets.xai.data = file.secrets.openai.data;
    const text = JSON.stringify(file);
    await writeFile(path, text);
    const wrong = await open(home.path, { key: keyB });
    expect((await failureOf(wrong.get('openai'))).code).toBe('data_loss');
    const store = await open(home.path, { key: keyA });
    const error = await failureOf(store.set('new', new Secret('x')));
    expect(error.code).toBe('data_loss');
    expect(error.message).toContain('the secret xai');
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await store.delete('xai')).toBe(true);
    await store.set('new', new Secret('x'));
    expect(await revealed(store, 'openai')).toBe('sk-openai');
  });
});
