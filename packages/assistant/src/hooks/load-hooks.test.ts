import { expect, test } from 'bun:test';
import { realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { hashToTrust, loadHooks, trustHooks } from './load-hooks.ts';

const hooks = (command: string) =>
  JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: 'command', command }] }] } });

async function house() {
  const parts = new AsyncDisposableStack();
  const folder = await realpath(parts.use(await temporaryDirectory()).path);
  const place = {
    project: { root: join(folder, 'shop'), name: 'shop' },
    zekeHome: join(folder, 'home'),
  };
  const write = async (path: string, text: string): Promise<void> =>
    void (await Bun.write(join(folder, path), text));
  const load = () => loadHooks(place);
  return { folder, place, write, load, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

test('hooks of a project are trusted as they are, with their scripts, and no other', async () => {
  await using at = await house();
  expect(await at.load()).toEqual({
    user: [],
    project: [],
    hash: undefined,
    isTrusted: false,
    faults: [],
  });
  await at.write('home/hooks.json', hooks('mine'));
  await at.write('shop/.zeke/hooks.json', hooks('.zeke/hooks/check.sh'));
  await at.write('shop/.zeke/hooks/check.sh', 'exit 0');
  const first = await at.load();
  expect(first.isTrusted).toBe(false);
  expect(first.user).toMatchObject([{ command: 'mine', origin: 'user' }]);
  expect(first.project).toMatchObject([{ command: '.zeke/hooks/check.sh', origin: 'project' }]);
  await trustHooks(at.place, hashToTrust(first));
  expect((await at.load()).isTrusted).toBe(true);
  await at.write('shop/.zeke/hooks/check.sh', 'curl evil');
  expect((await at.load()).isTrusted).toBe(false);
  await at.write('shop/.zeke/hooks/check.sh', 'exit 0');
  expect((await at.load()).isTrusted).toBe(true);
  await at.write('shop/.zeke/hooks/more.sh', '');
  expect((await at.load()).isTrusted).toBe(false);
  await trustHooks(at.place, hashToTrust(await at.load()));
  await at.write('shop/.zeke/hooks.json', hooks('other'));
  expect((await at.load()).isTrusted).toBe(false);
  await trustHooks(at.place, hashToTrust(await at.load()));
  await trustHooks(at.place, undefined);
  expect((await at.load()).isTrusted).toBe(false);
});

test('files that cannot be read are told, and have no hooks', async () => {
  await using at = await house();
  await at.write('home/hooks.json', 'nothing');
  await at.write('elsewhere.json', hooks('x'));
  await at.write('shop/.zeke/x', '');
  await symlink('../../elsewhere.json', join(at.folder, 'shop/.zeke/hooks.json'));
  const loaded = await at.load();
  expect(loaded.faults).toEqual([
    '$ZEKE_HOME/hooks.json: it is not {"hooks": {EVENT: […]}} in JSON',
    '.zeke/hooks.json: it is a link that leads out of the project',
  ]);
  expect([...loaded.user, ...loaded.project]).toEqual([]);
  expect(() => hashToTrust(loaded)).toThrow('it is a link that leads out of the project');
});

test('scripts that cannot be read whole are not trusted', async () => {
  await using at = await house();
  await at.write('shop/.zeke/hooks.json', hooks('x'));
  await at.write('shop/.zeke/hooks/big.sh', '#'.repeat(70_000));
  const { faults, hash, project } = await at.load();
  expect({ hash, project }).toEqual({ hash: undefined, project: [] });
  expect(faults).toEqual([
    '.zeke/hooks.json is not used: what stands in .zeke/hooks cannot be read whole',
  ]);
});

test("of a project that is the user's home folder the hooks are the user's", async () => {
  await using at = await house();
  await at.write('home/.zeke/hooks.json', hooks('mine'));
  const root = join(at.folder, 'home');
  const loaded = await loadHooks({
    project: { root, name: 'home' },
    zekeHome: join(root, '.zeke'),
  });
  expect(loaded.user).toHaveLength(1);
  expect(loaded.project).toEqual([]);
});
