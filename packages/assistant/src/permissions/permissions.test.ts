import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { decisionsPath } from './project-decisions.ts';
import { type House, house } from './testing/house.ts';

let here: House;
beforeAll(async () => {
  here = await house();
});
afterAll(() => here[Symbol.asyncDispose]());

describe('what an answer remembers', () => {
  const proposals: [string, string[]][] = [
    ['npm run build --silent', ['shell(npm run build *)']],
    ['npm test', ['shell(npm test *)']],
    ['git push origin main', ['shell(git push *)']],
    ['git reset --hard HEAD~1', ['shell(git reset --hard HEAD~1)']],
    ['make', ['shell(make)']],
    ['python3 tools/x.py --fast', ['shell(python3 tools/x.py *)']],
    ['python3 -c "print(1)"', ['shell(python3 -c "print(1)")']],
    ['rm src/a.ts', ['shell(rm src/a.ts)']],
    ['cargo test && cargo build', ['shell(cargo test *)', 'shell(cargo build *)']],
    ['FOO=1 make all', ['shell(FOO=1 make all *)']],
    ['echo x > src/b.ts', ['write(src/**)']],
    ['echo x > notes.txt', ['write(**)']],
    ['cat /etc/hosts', ['read(/etc/hosts)']],
    ["psql -c 'select * from a\\b'", ['shell(psql -c "select \\* from a\\\\b")']],
    ['$CMD', []],
    ['rm -rf .', []],
    ['npm test; $X', []],
  ];
  test.each(proposals)('%s: %j', async (command, remembers) => {
    const permissions = await here.open({ mode: 'ask' });
    const judged = await permissions.explain(command);
    expect(judged.verdict).toBe('ask');
    expect(judged.remembers).toEqual(remembers);
    await permissions.remember('allow_session', judged.remembers);
    const again = await permissions.explain(command);
    expect(again.verdict).toBe(remembers.length > 0 ? 'allow' : 'ask');
  });

  test('what is remembered for exact words allows those and no others', async () => {
    const word = fc
      .string({ minLength: 1, maxLength: 12, unit: 'binary-ascii' })
      .filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.array(word, { minLength: 1, maxLength: 4 }),
        async (left, right) => {
          const quoted = (words: string[]) =>
            ['psql', ...words.map((each) => `'${each.replaceAll("'", "'\\''")}'`)].join(' ');
          const permissions = await here.open({ mode: 'ask' });
          const judged = await permissions.explain(quoted(left));
          if (judged.verdict !== 'ask') return;
          await permissions.remember('allow_session', judged.remembers);
          expect((await permissions.explain(quoted(left))).verdict).toBe('allow');
          if (left.join('\0') !== right.join('\0')) {
            const psql = (await permissions.explain(quoted(right))).parts.find(({ text }) =>
              text.startsWith('psql'),
            );
            expect(psql?.verdict).toBe('ask');
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('files', () => {
  test('answers for a project last, for their owner alone, and can be taken back', async () => {
    await using own = await house();
    const first = await own.open({ now: () => 0 });
    const judged = await first.explain('npm test');
    await first.remember('allow_project', judged.remembers);
    await first.remember('allow_project', judged.remembers);
    const path = decisionsPath(own.zekeHome, own.root);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      root: own.root,
      allow: [{ rule: 'shell(npm test *)', at: '1970-01-01T00:00:00.000Z' }],
    });
    const second = await own.open();
    expect((await second.explain('npm test x')).verdict).toBe('allow');
    expect(await second.list()).toEqual([
      {
        verdict: 'allow',
        rule: 'shell(npm test *)',
        origin: 'allowed for this project',
        isInForce: true,
      },
    ]);
    expect(await first.forget('shell(npm test *)')).toBe(1);
    expect(await first.forget('shell(npm test *)')).toBe(0);
    expect((await second.explain('npm test')).verdict).toBe('ask');
  });

  test('once and no leave nothing behind', async () => {
    const permissions = await here.open();
    await permissions.remember('allow_once', ['shell(npm test *)']);
    await permissions.remember('deny', ['shell(npm test *)']);
    expect(await permissions.list()).toEqual([]);
  });

  test('the rules of the user are in force when the file is saved', async () => {
    await using own = await house();
    const permissions = await own.open();
    expect((await permissions.explain('npm test')).verdict).toBe('ask');
    await writeFile(
      join(own.zekeHome, 'permissions.toml'),
      'mode = "auto-edit"\nallow = ["shell(npm test *)"]\n',
    );
    const judged = await permissions.explain('npm test');
    expect(judged).toMatchObject({ verdict: 'allow', rule: { text: 'shell(npm test *)' } });
    expect(await permissions.mode()).toBe('auto-edit');
  });

  test("a project's own file only makes stricter, until that text is trusted", async () => {
    await using own = await house();
    const path = join(own.root, '.zeke/permissions.toml');
    const text =
      'mode = "full"\nallow = ["shell(npm test *)"]\ndeny = ["shell(npm publish *)"]\n[sandbox]\nnetwork = true\n';
    await writeFile(path, text);
    const permissions = await own.open();
    expect(await permissions.mode()).toBe('ask');
    expect((await permissions.explain('npm test')).verdict).toBe('ask');
    expect((await permissions.explain('npm publish')).verdict).toBe('deny');
    expect(await permissions.sandbox()).toEqual({});
    expect(await permissions.notices()).toEqual([
      expect.stringContaining('1 rule of .zeke/permissions.toml'),
    ]);
    expect(await permissions.trustProject()).toBe(path);
    expect(await permissions.mode()).toBe('full');
    expect((await permissions.explain('npm test')).verdict).toBe('allow');
    expect(await permissions.sandbox()).toEqual({ network: true });
    expect(await permissions.notices()).toEqual([]);
    await writeFile(path, `${text}# changed\n`);
    expect(await permissions.mode()).toBe('ask');
    expect((await permissions.explain('npm test')).verdict).toBe('ask');
    await writeFile(path, 'mode = "plan"\n[sandbox]\nuse = "required"\nnetwork = false\n');
    expect(await permissions.mode()).toBe('plan');
    expect(await permissions.sandbox()).toEqual({ use: 'required', network: false });
  });

  test('every fault is told with its line', async () => {
    await using own = await house();
    await writeFile(
      join(own.zekeHome, 'permissions.toml'),
      'mode = "yolo"\nallow = [\n  "shell(npm test",\n  "fetch(a b)",\n  "write(../x)",\n]\ncolour = 1\n[sandbox]\nwritable = ["relative"]\n',
    );
    const error = await own.open().catch((reason) => reason);
    expect(error.code).toBe('failed_precondition');
    expect(error.message.split('\n').map((line: string) => line.slice(0, 34))).toEqual([
      'permissions.toml:1 mode: one of pl',
      'permissions.toml:3 allow: "shell(n',
      'permissions.toml:4 allow: "fetch(a',
      'permissions.toml:5 allow: "write(.',
      'permissions.toml:7 colour: no such',
      'permissions.toml:9 sandbox.writabl',
    ]);
    await writeFile(join(own.zekeHome, 'permissions.toml'), 'allow = [');
    expect(own.open()).rejects.toThrow('permissions.toml:1 not valid TOML');
  });

  test('decisions that cannot be read are not guessed', async () => {
    await using own = await house();
    const path = decisionsPath(own.zekeHome, own.root);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '{"allow":');
    expect(own.open()).rejects.toMatchObject({ code: 'data_loss' });
  });
});
