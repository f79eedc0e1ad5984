import { expect, test } from 'bun:test';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import { fileTools } from './file-tools.ts';
import { decodeText, encodeText, type TextForm } from './text-form.ts';

const line = fc.constantFrom(
  'a',
  'b',
  '  a',
  '\tb',
  '',
  'a b',
  'é',
  '}',
  '+a',
  '-b',
  '@@',
  '*** End Patch',
);
const forms: TextForm[] = [
  { encoding: 'utf-8', hasMark: false, lineEnd: '\n' },
  { encoding: 'utf-8', hasMark: true, lineEnd: '\r\n' },
  { encoding: 'utf-16le', hasMark: true, lineEnd: '\r\n' },
  { encoding: 'utf-16be', hasMark: true, lineEnd: '\n' },
  { encoding: 'latin1', hasMark: false, lineEnd: '\n' },
];

/** Of lines that end in either way, the last one perhaps not at all. */
const file = fc.record({
  form: fc.constantFrom(...forms),
  lines: fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 12 }),
  isEnded: fc.boolean(),
});

type RandomFile = typeof file extends fc.Arbitrary<infer File> ? File : never;

function bytesOf({ form, isEnded, lines }: RandomFile): Buffer {
  const text = lines.map(([words, end]) => words + end).join('');
  return Buffer.from(encodeText(isEnded ? text : text.replace(/\r?\n$/, ''), form));
}

const text = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'));
const edit = fc.record({
  path: fc.constantFrom('a.txt', 'b.txt', 'new/c.txt'),
  old_string: fc.oneof(text, fc.constant('')),
  new_string: text,
  replace_all: fc.boolean(),
});
const patchLine = fc
  .tuple(fc.constantFrom(' ', '+', '-', '', '@@ '), line)
  .map(([sign, words]) => sign + words);
const patch = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        '*** Update File: a.txt',
        '*** Update File: b.txt',
        '*** Add File: new/c.txt',
        '*** Delete File: b.txt',
        '*** Move to: d.txt',
      ),
      fc.array(patchLine, { maxLength: 5 }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => ({
    patch: [
      '*** Begin Patch',
      ...parts.flatMap(([head, lines]) => [head, ...lines]),
      '*** End Patch',
    ].join('\n'),
  }));
const call = fc.oneof(
  edit.map((input) => ['edit', input] as const),
  fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => ['multi_edit', { edits }] as const),
  patch.map((input) => ['apply_patch', input] as const),
);

async function stateOf({ root }: ToolBench): Promise<Record<string, string>> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name));
  const read = files.toSorted().map(async (path) => [path, (await readFile(path)).toString('hex')]);
  return Object.fromEntries(await Promise.all(read));
}

test('whatever is edited: all or nothing, the same refusal again, no debris, and the form of each file stays', async () => {
  await fc.assert(
    fc.asyncProperty(file, file, call, async (one, other, [name, input]) => {
      await using bench = await toolBench(fileTools(), {
        'a.txt': bytesOf(one),
        'b.txt': bytesOf(other),
      });
      const attempt = async () =>
        await bench
          .call(name, input)
          .catch((error) => ({ isError: true, text: String(error.message) }));
      const before = await stateOf(bench);
      const output = await attempt();
      const after = await stateOf(bench);
      expect(Object.keys(after).filter((path) => path.includes('.zeke-'))).toEqual([]);
      if (output.isError === true) {
        expect(after).toEqual(before);
        expect(await attempt()).toEqual(output);
        expect(await stateOf(bench)).toEqual(before);
        return;
      }
      for (const [path, hex] of Object.entries(after)) {
        const was = before[path];
        if (was === undefined || was === hex || was === '') continue;
        const old = decodeText(Buffer.from(was, 'hex'));
        const now = decodeText(Buffer.from(hex, 'hex'));
        expect(now?.hasMark).toBe(old?.hasMark ?? false);
        // Latin-1 that has no letter beyond ASCII any more cannot be told from UTF-8.
        if (old?.hasMark) expect(now?.encoding).toBe(old.encoding);
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('killed at any time, each file is wholly the old or wholly the new one', async () => {
  const texts = ['one line of many\n', 'another line, and a longer one\n'].map((each) =>
    each.repeat(4_000),
  );
  const program = join(import.meta.dir, 'testing/edits-program.ts');
  const words = texts.map((each) => each.slice(0, each.indexOf('\n')));
  for (let kills = 0; kills < 3; kills++) {
    const [start = ''] = texts;
    await using bench = await toolBench([], { 'a.txt': start, 'b.txt': start });
    const child = Bun.spawn([process.execPath, program, bench.root, ...words], {
      stdout: 'pipe',
      stderr: 'inherit',
    });
    let rounds = 0;
    for await (const chunk of child.stdout) {
      rounds += chunk.length;
      if (rounds > kills) break;
    }
    child.kill('SIGKILL');
    await child.exited;
    expect(texts).toContain(await bench.read('a.txt'));
    expect(texts).toContain(await bench.read('b.txt'));
  }
}, 60_000);
