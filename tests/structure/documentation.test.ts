import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatFault, loadConfig, Secret } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { pages, root } from '../support/documentation.ts';

test.each(pages)('%s links to files that are there', async (page) => {
  const text = (await Bun.file(join(root, page)).text()).replace(/^```[\s\S]*?^```/gm, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const missing = targets
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .filter((target) => !existsSync(resolve(root, dirname(page), target.replace(/#.*$/, ''))));
  expect(missing).toEqual([]);
});

test.each(pages)('%s shows configurations that load', async (page) => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'zeke.toml');
  for (const example of configurationsIn(await Bun.file(join(root, page)).text())) {
    await Bun.write(file, example);
    const result = await loadConfig({
      cwd: folder.path,
      file,
      environment: { ZEKE_HOME: folder.path, ...variablesIn(example) },
      secretStore: async () => ({ get: async () => new Secret('kept') }),
      vault: {
        open: async () => ({
          read: async () => ({ ok: true, value: 'kept' }),
          freshMs: () => 60_000,
        }),
      },
    });
    expect(result.ok ? [] : result.faults.map(formatFault)).toEqual([]);
  }
});

test('every runtime dependency has a decision', async () => {
  const index = await Bun.file(join(root, 'docs/decisions/README.md')).text();
  const named = [...index.matchAll(/`([@\w/.*-]+)`/g)].map(([, name = '']) => name);
  const missing: string[] = [];
  for (const path of new Bun.Glob('packages/*/package.json').scanSync(root)) {
    const { dependencies = {} } = await Bun.file(join(root, path)).json();
    for (const name of Object.keys(dependencies)) {
      const isKnown = named.includes(name) || named.includes(name.replace(/\/.*/, '/*'));
      if (!isKnown && !name.startsWith('@zeke/')) missing.push(`${path}: ${name}`);
    }
  }
  expect(missing).toEqual([]);
});

test('decisions have numbers of their own and stand in the index', async () => {
  const folder = join(root, 'docs/decisions');
  const files = [...new Bun.Glob('0*.md').scanSync(folder)].toSorted();
  const numbers = files.map((file) => file.slice(0, 4));
  expect(numbers).toEqual([...new Set(numbers)]);
  const index = await Bun.file(join(folder, 'README.md')).text();
  expect(files.filter((file) => !index.includes(`](${file})`))).toEqual([]);
});

/** The TOML blocks of a page, but for those that begin with the name of another program's file. */
function configurationsIn(page: string): string[] {
  return [...page.matchAll(/^```toml\n([\s\S]*?)^```/gm)]
    .map(([, example = '']) => example)
    .filter((example) => !example.startsWith('# ~/'));
}

/** A value for every variable that an example refers to. */
function variablesIn(example: string): Record<string, string> {
  const names = [...example.matchAll(/"env:(\w+)"/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, `a value of ${name}`]));
}
