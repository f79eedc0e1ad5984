import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { findImports } from './find-imports.ts';
import { instructionPlaces } from './instruction-places.ts';
import { maxInstructionBytes, readInstructions } from './read-instructions.ts';

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => await directory[Symbol.asyncDispose]());

let count = 0;
/** Instructions for `folder` of a project with these files; `home/…` is the user's folder. */
async function read(files: Record<string, string>, folder = '.') {
  const base = join(directory.path, String(count++));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(base, path)), { recursive: true });
    await writeFile(join(base, path), text);
  }
  await mkdir(join(base, 'project'), { recursive: true });
  const project = { root: join(base, 'project'), name: 'p' };
  const places = instructionPlaces(project, join(project.root, folder), join(base, 'home'));
  const { found, notices } = await readInstructions(places, new Set());
  return {
    shown: found.map(({ origin, shown, text }) => `${origin} ${shown}: ${text}`),
    notices,
    found,
    base,
  };
}

test("the user's come first, then the project's from its root to the folder", async () => {
  const { shown, notices } = await read(
    {
      'home/AGENTS.md': 'mine',
      'project/AGENTS.md': 'root',
      'project/a/CLAUDE.md': 'a',
      'project/a/b/GEMINI.md': 'b',
      'project/other/AGENTS.md': 'other',
    },
    'a/b/c',
  );
  expect(shown).toEqual([
    'user AGENTS.md: mine',
    'project AGENTS.md: root',
    'project a/CLAUDE.md: a',
    'project a/b/GEMINI.md: b',
  ]);
  expect(notices).toEqual([]);
});

test('of one folder AGENTS.md counts before the others', async () => {
  const { shown } = await read({
    'project/CLAUDE.md': 'c',
    'project/GEMINI.md': 'g',
    'project/AGENTS.md': 'a',
  });
  expect(shown).toEqual(['project AGENTS.md: a']);
});

test('no file, no instructions; a blank one neither', async () => {
  expect((await read({})).shown).toEqual([]);
  expect((await read({ 'project/AGENTS.md': '\n \n' })).shown).toEqual([]);
});

describe('imports', () => {
  test('stand behind the file, those of imports behind them, each once', async () => {
    const { shown, notices, found } = await read({
      'project/AGENTS.md': 'See @docs/style.md and @./notes.txt.',
      'project/docs/style.md': 'style, @more.md, back to @../AGENTS.md',
      'project/docs/more.md': 'more @../notes.txt',
      'project/notes.txt': 'notes',
    });
    expect(shown.map((text) => text.split(':')[0])).toEqual([
      'project AGENTS.md',
      'project docs/style.md',
      'project notes.txt',
      'project docs/more.md',
    ]);
    expect(found.map(({ importedBy }) => importedBy)).toEqual([
      undefined,
      'AGENTS.md',
      'AGENTS.md',
      'docs/style.md',
    ]);
    expect(notices).toEqual([]);
  });

  test('that lead nowhere are told', async () => {
    const { notices } = await read({ 'project/AGENTS.md': '@gone.md' });
    expect(notices).toEqual(['AGENTS.md imports gone.md: there is no such file.']);
  });

  test('that lead out of the project are refused, by links too', async () => {
    const { base } = await read({
      'secret.md': 'secret',
      'project/AGENTS.md': '@../secret.md @link.md @/etc/passwd',
    });
    await symlink(join(base, 'secret.md'), join(base, 'project/link.md'));
    const project = { root: join(base, 'project'), name: 'p' };
    const { found, notices } = await readInstructions(
      instructionPlaces(project, project.root, undefined),
      new Set(),
    );
    expect(found.map(({ shown }) => shown)).toEqual(['AGENTS.md']);
    expect(notices).toHaveLength(3);
    for (const notice of notices) expect(notice).toContain('outside of the project');
  });

  test('in a circle or too deep end', async () => {
    const files: Record<string, string> = { 'project/AGENTS.md': '@n0.md' };
    for (let at = 0; at < 9; at++) files[`project/n${at}.md`] = `@n${at + 1}.md`;
    const { shown, notices } = await read(files);
    expect(shown).toHaveLength(6);
    expect(notices).toEqual([expect.stringContaining('at most')]);
  });
});

test('a long file is cut, and files beyond the limit of all are left out, told', async () => {
  const long = 'x'.repeat(maxInstructionBytes);
  const { found, notices } = await read(
    {
      'project/AGENTS.md': `${long}end`,
      'project/a/AGENTS.md': long,
      'project/a/b/AGENTS.md': long,
      'project/a/b/c/AGENTS.md': long,
    },
    'a/b/c',
  );
  expect(found.map(({ text }) => text.length)).toEqual([
    maxInstructionBytes,
    maxInstructionBytes,
    maxInstructionBytes,
  ]);
  expect(notices).toEqual([
    expect.stringContaining('AGENTS.md is cut'),
    expect.stringContaining('a/b/c/AGENTS.md is left out'),
  ]);
});

test('a binary file is refused, told', async () => {
  const { shown, notices } = await read({ 'project/AGENTS.md': 'a\0b' });
  expect(shown).toEqual([]);
  expect(notices).toEqual(['AGENTS.md is not read: it is a binary file.']);
});

describe('what is an import', () => {
  test.each([
    ['@docs/a.md', ['docs/a.md']],
    ['(see @a.md, @b/c.txt).', ['a.md', 'b/c.txt']],
    ['@./x and @../y', ['./x', '../y']],
    ['mail me@example.com or @somebody', []],
    ['@param, @Override and @angular/core', []],
    ['`@code.md`\n```\n@fenced.md\n```\n@real.md', ['real.md']],
    ['@https://example.com/a.md', []],
  ])('%j', (text, expected) => {
    expect(findImports(text)).toEqual(expected);
  });

  test('any text is read', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('@', '`', '\n', 'a', '.', '/', ' ', '~') }),
        (text) => {
          for (const path of findImports(text)) expect(text).toContain(`@${path}`);
        },
      ),
    );
  });
});
