import { describe, expect, test } from 'bun:test';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { LocalCompleter } from './local-completer.ts';

const environment = { PATH: process.env.PATH ?? '' };

/** A project with these files, read whole. */
async function openProject(files: Record<string, string | Uint8Array>) {
  const directory = await temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), content);
  }
  const completer = LocalCompleter.open({ root: directory.path, environment });
  await completer.ready();
  return {
    root: directory.path,
    completer,
    /** `|` marks the cursor. */
    ask: (path: string, text: string, minConfidence = 0.5) => {
      const [prefix = '', suffix = ''] = text.split('|');
      return completer
        .complete({ path, prefix, suffix, minConfidence })
        .suggestions.map((suggestion) => suggestion.text);
    },
    [Symbol.asyncDispose]: async () => {
      await completer[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const logCall = 'logger.warning(request.id, "slow request");';
const handlers = Array.from(
  { length: 6 },
  (_, i) =>
    `export function handle${i}(request: Request) {\n  ${logCall}\n  return next(request);\n}\n`,
);
const project = Object.fromEntries(handlers.map((text, i) => [`src/handler${i}.ts`, text]));
const opening = 'export function handle9(request: Request) {\n  ';

describe('what is suggested', () => {
  test('the rest of a line as the project writes it, up to its end', async () => {
    await using own = await openProject(project);
    expect(own.ask('src/new.ts', `${opening}logger|`)[0]).toBe(
      '.warning(request.id, "slow request");',
    );
    expect(own.ask('src/new.ts', `${opening}logger.|`)[0]).toBe(
      'warning(request.id, "slow request");',
    );
  });

  test('the rest of a word that was begun', async () => {
    await using own = await openProject(project);
    expect(own.ask('src/new.ts', `${opening}logger.war|`)[0]).toStartWith('ning');
  });

  test('the rest of a string, without the quote that is there', async () => {
    await using own = await openProject(project);
    const call = `${opening}logger.warning(request.id, "sl`;
    expect(own.ask('src/new.ts', `${call}|`)[0]).toBe('ow request");');
    expect(own.ask('src/new.ts', `${call}|");`)[0]).toBe('ow request');
  });

  test('what the open file alone has shown', async () => {
    await using own = await openProject({});
    const line = 'counter.increase(first.value);\n';
    expect(own.ask('a.ts', `${line.repeat(6)}counter.|`)[0]).toBe('increase(first.value);');
    expect(own.ask('a.ts', `counter.|\n\nother();\n${line.repeat(6)}`)[0]).toStartWith('increase');
  });

  test('blanks as the project sets them', async () => {
    await using own = await openProject({
      'a.py': 'total = price * count\n'.repeat(8),
    });
    expect(own.ask('b.py', 'total|')[0]).toBe(' = price * count');
  });

  test('files near the open one weigh more than others', async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 8; i++) files[`near/a${i}.ts`] = 'const store = openStore(database);\n';
    for (let i = 0; i < 8; i++) files[`far/deep/a${i}.ts`] = 'const store = openStore(memory);\n';
    await using own = await openProject(files);
    expect(own.ask('near/new.ts', 'const store = openStore(|')[0]).toStartWith('database');
    expect(own.ask('far/deep/new.ts', 'const store = openStore(|')[0]).toStartWith('memory');
  });

  test('other languages teach nothing', async () => {
    await using own = await openProject({ 'a.py': 'value = compute(first)\n'.repeat(20) });
    expect(own.ask('a.ts', 'value = |', 0).join(' ')).not.toContain('compute');
  });

  test('at most as many as asked, the surest first', async () => {
    await using own = await openProject({ 'a.ts': 'one(a);\none(b);\none(b);\none(c);\n' });
    const { suggestions } = own.completer.complete({
      path: 'b.ts',
      prefix: 'one(',
      suffix: '',
      limit: 2,
      minConfidence: 0,
    });
    expect(suggestions.length).toBe(2);
    expect(suggestions[0]!.confidence).toBeGreaterThanOrEqual(suggestions[1]!.confidence);
  });
});

describe('what is new', () => {
  const functions = ['open', 'close', 'move', 'copy'].map(
    (name) => `export function ${name}File(path: string): void {\n  ${name}(path);\n}\n\n`,
  );
  const files = {
    'a.ts': functions.join(''),
    'b.ts': functions.join('').replaceAll('File', 'Page'),
  };

  test('behind a name that nobody wrote before, what follows such names', async () => {
    await using own = await openProject(files);
    expect(own.ask('c.ts', 'export function brandNewName|', 0)[0]).toStartWith('(');
    expect(own.ask('c.ts', 'export function brandNewName(source|', 0)[0]).toStartWith(':');
  });

  test('a name that was just declared', async () => {
    await using own = await openProject(files);
    const text = 'export function brandNewName(freshSource: string): void {\n  brandNewCall(|';
    expect(own.ask('c.ts', text, 0).slice(0, 3).join(' ')).toContain('freshSource');
    expect(own.ask('c.ts', `${text.slice(0, -1)}fre|`)[0]).toStartWith('shSource');
  });
});

const languages: Record<string, { line: string; begun: string; rest: string }> = {
  'a.ts': {
    line: 'const size = store.count(entries);',
    begun: 'const size = st',
    rest: 'ore.count(entries);',
  },
  'a.js': { line: "const fs = require('fs');", begun: 'const fs = req', rest: "uire('fs');" },
  'a.tsx': {
    line: '<Button kind="primary" onClick={save} />',
    begun: '<Button kind=',
    rest: '"primary" onClick={save} />',
  },
  'a.py': {
    line: 'self.total = compute(first, second)',
    begun: 'self.total = com',
    rest: 'pute(first, second)',
  },
  'a.go': {
    line: 'if err := run(ctx); err != nil {',
    begun: 'if err := ',
    rest: 'run(ctx); err != nil {',
  },
  'a.rs': {
    line: 'let value = map.get(&key).unwrap();',
    begun: 'let value = map.',
    rest: 'get(&key).unwrap();',
  },
  'A.java': {
    line: 'private final List<String> names = new ArrayList<>();',
    begun: 'private final List<',
    rest: 'String> names = new ArrayList<>();',
  },
  'a.kt': {
    line: 'val names = items.map { it.name }',
    begun: 'val names = it',
    rest: 'ems.map { it.name }',
  },
  'a.cs': {
    line: 'var total = orders.Sum(order => order.Price);',
    begun: 'var total = ord',
    rest: 'ers.Sum(order => order.Price);',
  },
  'a.c': {
    line: 'if (read_block(fd, buffer, sizeof(buffer)) < 0) {',
    begun: 'if (read_block(',
    rest: 'fd, buffer, sizeof(buffer)) < 0) {',
  },
  'a.cpp': {
    line: 'std::vector<int> values(count);',
    begun: 'std::vec',
    rest: 'tor<int> values(count);',
  },
  'a.rb': { line: 'users.each do |user|', begun: 'users.ea', rest: 'ch do |user|' },
  'a.php': {
    line: '$total = array_sum($prices);',
    begun: '$total = arr',
    rest: 'ay_sum($prices);',
  },
  'a.swift': {
    line: 'guard let user = session.user else { return }',
    begun: 'guard let user = ',
    rest: 'session.user else { return }',
  },
  'a.lua': { line: 'local total = sum(prices)', begun: 'local total = s', rest: 'um(prices)' },
  'a.sh': {
    line: 'git commit --quiet --message "$title"',
    begun: 'git commit --qu',
    rest: 'iet --message "$title"',
  },
  'a.sql': {
    line: 'SELECT id, name FROM users WHERE id = 1;',
    begun: 'SELECT id, name ',
    rest: 'FROM users WHERE id = 1;',
  },
};

describe('languages', () => {
  for (const [path, { begun, line, rest }] of Object.entries(languages)) {
    test(`the rest of a line of ${path}`, async () => {
      const other = path.replace(/^a/i, 'other');
      await using own = await openProject({
        [path]: `${line}\n`.repeat(12),
        [other]: `${line}\n`.repeat(6),
      });
      const text = `${line}\n`.repeat(3) + begun;
      const [best = ''] = own.completer
        .complete({ path: path.replace(/^a/i, 'new'), prefix: text, suffix: '' })
        .suggestions.map((suggestion) => suggestion.text);
      expect(best.length).toBeGreaterThan(0);
      // Whole tokens, and nothing but what was written: how far depends on how sure it is.
      expect(rest).toStartWith(best);
      expect(rest.charAt(best.length - 1) + rest.charAt(best.length)).not.toMatch(/\w\w/);
    });
  }
});

describe('where it is silent', () => {
  test('within a word, a string or a comment', async () => {
    await using own = await openProject(project);
    expect(own.ask('src/new.ts', `${opening}logger.war|ning`, 0)).toEqual([]);
    expect(
      own.ask('src/new.ts', `${opening}logger.warning(request.id, "sl|ow request"`, 0),
    ).toEqual([]);
    expect(own.ask('src/new.ts', `${opening}log|$ger`, 0)).toEqual([]);
    expect(own.ask('a.sh', 'run --dry|-run', 0)).toEqual([]);
    expect(own.ask('src/new.ts', `${opening}// logger.|`, 0)).toEqual([]);
    expect(own.ask('src/new.ts', `${opening}/* logger.|`, 0)).toEqual([]);
  });

  test('when nothing is likely enough', async () => {
    await using own = await openProject({ 'a.ts': 'one(a);\ntwo(b);\nthree(c);\nfour(d);\n' });
    expect(own.ask('b.ts', 'const x = 1;\n|')).toEqual([]);
  });

  test('where the suggestion is there already', async () => {
    await using own = await openProject(project);
    const call = `${opening}logger.warning(request.id, "slow request"`;
    expect(own.ask('src/new.ts', `${call}|)`, 0)).not.toContain(')');
    expect(own.ask('src/new.ts', `${opening}logger|.warning`)[0] ?? '').not.toStartWith('.');
    expect(own.ask('src/new.ts', `${opening}|\n  ${logCall}\n`, 0)).not.toContain(logCall);
  });

  test('in a line that nobody typed', async () => {
    await using own = await openProject(project);
    expect(own.ask('src/new.ts', `const all = [${'1, '.repeat(400_000)}|`, 0)).toEqual([]);
  });
});

describe('what is learned', () => {
  test('changes of files, at once; what they held before is forgotten', async () => {
    await using own = await openProject({ 'a.ts': 'setup(oldName);\n'.repeat(9) });
    expect(own.ask('b.ts', 'setup(|')[0]).toBe('oldName);');
    own.completer.update('a.ts', 'setup(newName);\n'.repeat(9));
    await own.completer.ready();
    expect(own.ask('b.ts', 'setup(|')[0]).toBe('newName);');
    own.completer.remove('a.ts');
    expect(own.ask('b.ts', 'setup(|', 0).join(' ')).not.toContain('Name');
    expect(own.completer.status).toMatchObject({ files: 0, tokens: 0 });
  });

  test('a change without a text, from the disk; and by an absolute path', async () => {
    await using own = await openProject({ 'a.ts': 'setup(oldName);\n'.repeat(9) });
    await rename(join(own.root, 'a.ts'), join(own.root, 'c.ts'));
    own.completer.remove('a.ts');
    own.completer.update(join(own.root, 'c.ts'));
    await own.completer.ready();
    expect(own.ask('b.ts', 'setup(|')[0]).toBe('oldName);');
    await rm(join(own.root, 'c.ts'));
    own.completer.update('c.ts');
    await own.completer.ready();
    expect(own.completer.status.files).toBe(0);
  });

  test('nothing outside of the project, by whatever way', async () => {
    await using outside = await openProject({ 'a.ts': 'setup(secret);\n'.repeat(9) });
    await using own = await openProject({});
    await symlink(outside.root, join(own.root, 'linked'));
    own.completer.update('linked/a.ts');
    own.completer.update(join(outside.root, 'a.ts'));
    own.completer.update('../a.ts', 'setup(secret);\n'.repeat(9));
    await own.completer.ready();
    expect(own.completer.status.files).toBe(0);
  });

  test('a change that comes while the project is read is not undone by what was read', async () => {
    await using own = await openProject({ 'a.ts': 'setup(oldName);\n'.repeat(9) });
    for (const wait of [0, 1, 2, 3, 5, 8]) {
      await using completer = LocalCompleter.open({ root: own.root, environment });
      for (let turn = 0; turn < wait; turn++) await new Promise(setImmediate);
      completer.update('a.ts', 'setup(newName);\n'.repeat(9));
      await completer.ready();
      expect(completer.status.files).toBe(1);
      const request = { path: 'b.ts', prefix: 'setup(', suffix: '', minConfidence: 0 };
      const { suggestions } = completer.complete(request);
      const texts = suggestions.map(({ text }) => text);
      expect(texts[0]).toBe('newName);');
      expect(texts.join(' ')).not.toContain('oldName');
      completer.remove('a.ts');
      const left = completer.complete(request).suggestions.map(({ text }) => text);
      expect(left.join(' ')).not.toContain('Name');
      expect(completer.status.tokens).toBe(0);
    }
  });

  test('many changes end up in few segments, and none is lost', async () => {
    await using own = await openProject({});
    for (let i = 0; i < 60; i++) {
      own.completer.update(`a${i % 20}.ts`, `setup${i}(value${i});\n`.repeat(5));
      if (i % 3 === 0) await own.completer.ready();
    }
    await own.completer.ready();
    expect(own.completer.status.files).toBe(20);
    for (let i = 40; i < 60; i++) {
      expect(own.ask('b.ts', `setup${i}(|`, 0)[0]).toStartWith(`value${i}`);
    }
    expect(own.ask('b.ts', 'setup3(|', 0)).not.toContain('value3);');
  });

  test('the open file counts as it is typed, not as it was saved', async () => {
    await using own = await openProject({ 'a.ts': 'setup(oldName);\n'.repeat(9) });
    expect(own.ask('a.ts', 'setup(|', 0).join(' ')).not.toContain('oldName');
  });

  test('nothing that is ignored, generated, binary, huge, minified or a link', async () => {
    const line = 'setup(value);\n';
    const files: Record<string, string | Uint8Array> = {
      'good.ts': line,
      'ignored.ts': line,
      'node_modules/a/index.ts': line,
      'dist/a.ts': line,
      'a.min.js': line,
      'made.ts': `// @generated by a program\n${line}`,
      'binary.ts': new Uint8Array([115, 0, 1, 2]),
      'huge.ts': line.repeat(60_000),
      'long.ts': `const a = [${'1,'.repeat(5_000)}];`,
      'unknown.xyz': line,
      '.gitignore': 'ignored.ts\n',
    };
    await using directory = await temporaryDirectory();
    const root = directory.path;
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    await symlink('/etc/passwd', join(root, 'link.ts'));
    await Bun.spawn(['git', 'init', '-q'], { cwd: root }).exited;
    await using completer = LocalCompleter.open({ root, environment });
    await completer.ready();
    expect(completer.status).toMatchObject({ files: 1, isWhole: true });
  });

  test('line ends of all systems are one', async () => {
    await using own = await openProject({ 'a.ts': 'first(one);\r\nsecond(two);\r\n'.repeat(9) });
    expect(own.ask('b.ts', 'first(one);\nsecond(|')[0]).toBe('two);');
    expect(own.ask('c.ts', 'first(one);\r\nsecond(|')[0]).toBe('two);');
  });
});

describe('at any time', () => {
  test('answers before the project is read, from the open file', async () => {
    await using directory = await temporaryDirectory();
    await using completer = LocalCompleter.open({ root: directory.path, environment });
    const prefix = `${'counter.increase(first.value);\n'.repeat(6)}counter.`;
    const answer = completer.complete({ path: 'a.ts', prefix, suffix: '' });
    expect(answer.isWhole).toBe(false);
    expect(answer.suggestions[0]?.text).toBe('increase(first.value);');
    await completer.ready();
    expect(completer.complete({ path: 'a.ts', prefix, suffix: '' }).isWhole).toBe(true);
  });

  test('is silent once it is disposed, and its reading ends', async () => {
    await using directory = await temporaryDirectory();
    const completer = LocalCompleter.open({ root: directory.path, environment });
    await completer[Symbol.asyncDispose]();
    expect(completer.complete({ path: 'a.ts', prefix: 'a', suffix: '' }).suggestions).toEqual([]);
    await expect(completer.ready()).rejects.toMatchObject({ code: 'canceled' });
  });

  test('typing on, going back and going elsewhere answer as a file opened there would', async () => {
    await using own = await openProject(project);
    await using fresh = await openProject(project);
    const pieces = fc.constantFrom(
      ...[
        'logger',
        '.warning(',
        'request',
        '\n',
        ' ',
        '"slow',
        '`',
        '${',
        '}',
        '/*',
        '*/',
        '// ',
        ');',
      ],
    );
    const texts = fc.array(
      fc.array(pieces, { maxLength: 25 }).map((all) => all.join('')),
      { minLength: 1, maxLength: 6 },
    );
    let files = 0;
    fc.assert(
      fc.property(texts, fc.nat(), (all, at) => {
        for (const text of all) {
          const place = at % (text.length + 1);
          const ask = { prefix: text.slice(0, place), suffix: text.slice(place), minConfidence: 0 };
          const again = own.completer.complete({ path: 'src/new.ts', ...ask });
          const once = fresh.completer.complete({ path: `src/new${files++}.ts`, ...ask });
          expect(again.suggestions.map(({ text }) => text).toSorted()).toEqual(
            once.suggestions.map(({ text }) => text).toSorted(),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('any text is answered, with whole tokens and sane confidence', async () => {
    await using own = await openProject(project);
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const extension = fc.constantFrom('ts', 'py', 'rs', 'md', 'lua', 'xyz');
    fc.assert(
      fc.property(text, text, extension, (prefix, suffix, name) => {
        const request = { path: `src/any.${name}`, prefix, suffix, minConfidence: 0 };
        for (const { confidence, text } of own.completer.complete(request).suggestions) {
          expect(text.length).toBeGreaterThan(0);
          expect(confidence).toBeGreaterThanOrEqual(0);
          expect(confidence).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});
