import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { kindOfLine, showComment } from './ai-comment.ts';
import { CommentFinder } from './comment-finder.ts';

const finder = new CommentFinder();

async function found(path: string, text: string): Promise<string[]> {
  const comments = await finder.find(path, text);
  return comments.map(({ kind, line, text: said }) => `${line} ${kind} ${said}`);
}

test('AI is the first or the last word of a line, in any case', () => {
  const cases: Record<string, string | undefined> = {
    'Make a snake game. AI!': 'do',
    'ai! make it': 'do',
    'AI!': 'do',
    'what is this for Ai?': 'ask',
    'AI? why': 'ask',
    'AI: refactor this': 'note',
    'ai refactor...': 'note',
    '... into a function AI': 'note',
    'ai... and so on': 'note',
    'AI-made, do not touch': undefined,
    'see https://open.ai?': undefined,
    'the AI! in the middle': undefined,
    'MAI!': undefined,
    aid: undefined,
    '': undefined,
  };
  for (const [line, kind] of Object.entries(cases))
    expect([line, kindOfLine(line)]).toEqual([line, kind]);
});

test.each([
  ['a.ts', 'f(); // do it AI!\n'],
  ['a.tsx', 'const a = <p>{/* do it AI! */}</p>;\n'],
  ['a.py', 'f()  # do it AI!\n'],
  ['a.sh', 'f # do it AI!\n'],
  ['a.rb', 'f # do it AI!\n'],
  ['a.go', 'package a\n\nfunc f() {} // do it AI!\n'],
  ['a.rs', 'fn f() {} // do it AI!\n'],
  ['a.java', 'class A {} /* do it AI! */\n'],
  ['a.c', 'int a; /* do it AI! */\n'],
  ['a.cpp', 'int a; // do it AI!\n'],
  ['a.lua', 'f() -- do it AI!\n'],
  ['a.sql', 'select 1; -- do it AI!\n'],
  ['a.css', 'a {} /* do it AI! */\n'],
  ['a.html', '<p>a</p> <!-- do it AI! -->\n'],
  ['a.vue', '<script>\nf(); // do it AI!\n</script>\n'],
  ['a.yaml', 'a: 1 # do it AI!\n'],
  ['a.toml', 'a = 1 # do it AI!\n'],
  ['Dockerfile', 'RUN a\n# do it AI!\n'],
  ['Makefile', 'a: b\n# do it AI!\n'],
  ['a.md', 'text <!-- do it AI! -->\n'],
  ['a.php', '<?php\nf(); // do it AI!\n'],
  ['a.cs', 'f(); // do it AI!\n'],
  ['a.kt', 'f() // do it AI!\n'],
  ['a.swift', 'f() // do it AI!\n'],
  ['a.clj', '(f) ; do it AI!\n'],
  ['a.hs', 'f = 1 -- do it AI!\n'],
  ['a.tf', 'a = 1 # do it AI!\n'],
  ['a.ml', 'let a = 1 (* do it AI! *)\n'],
  ['a.erl', 'f() -> ok. % do it AI!\n'],
  ['a.unheard-of', 'whatever # do it AI!\n'],
])('a comment of %s', async (path, text) => {
  const line = text.slice(0, text.indexOf('do it')).split('\n').length;
  expect(await found(path, text)).toEqual([`${line} do do it AI!`]);
});

test.each([
  ['a.ts', 'const a = "// do it AI!";\n'],
  ['a.ts', 'const a = `\n// do it AI!\n`;\n'],
  ['a.ts', 'const a = /[//] do it AI!/;\n'],
  ['a.tsx', 'const a = <p>// do it AI!</p>;\n'],
  ['a.py', '"""\n# do it AI!\n"""\n'],
  ['a.py', 'a = "# do it AI!"\n'],
  ['a.sh', 'cat <<END\n# do it AI!\nEND\n'],
  ['a.sh', 'echo $# do it AI!\n'],
  ['a.go', 'package a\n\nvar a = `\n// do it AI!\n`\n'],
  ['a.rs', 'const A: &str = r#"\n// do it AI!\n"#;\n'],
  ['a.rb', 'a = <<~END\n  # do it AI!\nEND\n'],
  ['a.html', '<a href="https://x/ // AI!">https://do-it AI!</a>\n'],
  ['a.sql', "select '-- do it AI!';\n"],
  ['a.md', '# Do it AI!\n'],
  ['a.unheard-of', 'a = "# do it AI!"\n'],
])('what is no comment of %s', async (path, text) => {
  expect(await found(path, text)).toEqual([]);
});

test('line comments below each other are one, other comments stay apart', async () => {
  const text = [
    '// Make these changes: AI!',
    '// - add a main',
    '',
    '// what follows is ai',
    'f(); // why? AI?',
    '// AI',
    '/*',
    ' * Sort them,',
    ' * by name. ai!',
    ' */',
  ].join('\n');
  expect(await found('a.ts', text)).toEqual([
    '1 do Make these changes: AI!\n- add a main',
    '4 note what follows is ai',
    '5 ask why? AI?',
    '6 note AI',
    '7 do Sort them,\nby name. ai!',
  ]);
});

test('in code that is half written comments are still found', async () => {
  expect(await found('a.ts', 'function f( {\n  // finish this AI!\n  const a = [\n')).toEqual([
    '2 do finish this AI!',
  ]);
  expect(await found('a.py', 'def f(:\n    # finish this AI!\n    x = (\n')).toEqual([
    '2 do finish this AI!',
  ]);
});

test('a comment is shown on one line, with its mark', async () => {
  const [comment] = await finder.find('a.ts', '// a\n// b AI!\n');
  expect(comment && showComment(comment)).toBe('a.ts:1 a b AI!');
  const [long] = await finder.find('a.ts', `// AI! ${'x '.repeat(200)}\n`);
  expect((long && showComment(long))?.length).toBeLessThan(120);
});

test('any text is taken, and places are within it', async () => {
  const pieces = [
    'ai',
    'AI!',
    ' ',
    '\n',
    '//',
    '/*',
    '*/',
    '#',
    '"',
    "'",
    '`',
    '${',
    '}',
    '<',
    '\0',
    '😀',
    '<!--',
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), {
    maxLength: 60,
  });
  const path = fc.constantFrom('a.ts', 'a.tsx', 'a.py', 'a.sh', 'a.html', 'a.md', 'a.lua', 'a.x');
  await fc.assert(
    fc.asyncProperty(path, text, async (name, parts) => {
      const whole = parts.join('');
      const lines = whole.split('\n').length;
      for (const { endLine, line } of await finder.find(name, whole)) {
        expect(line >= 1 && line <= endLine && endLine <= lines).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
