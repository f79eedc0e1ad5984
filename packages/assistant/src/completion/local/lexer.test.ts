import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { languageOf, unknownLanguage } from './languages.ts';
import { Lexer, tokenKinds } from './lexer.ts';

function lex(text: string, path: string): { text: string; kind: number; isOpen: boolean }[] {
  const lexer = new Lexer(text, languageOf(path) ?? unknownLanguage);
  const found: { text: string; kind: number; isOpen: boolean }[] = [];
  while (lexer.next()) {
    const { end, isOpen, kind, start } = lexer;
    found.push({ text: text.slice(start, end), kind, isOpen });
  }
  return found;
}

/** Tokens without blanks. */
function code(text: string, path: string): string[] {
  return lex(text, path)
    .filter(({ kind }) => kind !== tokenKinds.blank)
    .map((token) => token.text);
}

describe('TypeScript', () => {
  test('words, numbers, strings and signs', () => {
    expect(code(`const $x = a?.b ?? 'it\\'s' + 1.5e-3;`, 'a.ts')).toEqual([
      'const',
      '$x',
      '=',
      'a',
      '?.',
      'b',
      '??',
      `'it\\'s'`,
      '+',
      '1.5e-3',
      ';',
    ]);
  });

  test('templates, with strings and braces within', () => {
    expect(code(`\`a\${f({ b: \`c\${d}\` })}e\` + g`, 'a.ts')).toEqual([
      '`a${',
      'f',
      '(',
      '{',
      'b',
      ':',
      '`c${',
      'd',
      '}`',
      '}',
      ')',
      '}e`',
      '+',
      'g',
    ]);
  });

  test('a slash divides behind a value and begins a pattern elsewhere', () => {
    expect(code('return /[/"]+/g.test(a / b)', 'a.ts')).toEqual([
      'return',
      '/[/"]+/g',
      '.',
      'test',
      '(',
      'a',
      '/',
      'b',
      ')',
    ]);
  });

  test('two signs close two lists of type arguments', () => {
    expect(code('Map<string, Set<T>>', 'a.ts').slice(-3)).toEqual(['T', '>', '>']);
  });
});

test('comments of each language', () => {
  const comments: [path: string, text: string][] = [
    ['a.ts', '/* a\n b */'],
    ['a.py', '# it is "so"'],
    ['a.lua', '--[[ a\n b ]]'],
    ['a.lua', '-- a'],
    ['a.sql', '-- a'],
    ['a.html', '<!-- a\n b -->'],
    ['a.rb', '=begin\na\n=end'],
    ['a.sh', '# a'],
  ];
  for (const [path, text] of comments) {
    expect(lex(text, path)).toMatchObject([{ text, kind: tokenKinds.comment }]);
  }
});

test('strings of each language', () => {
  const strings: [path: string, text: string][] = [
    ['a.py', '"""a\n"b" """'],
    ['a.py', `f'{a["b"]}'`],
    ['a.rs', 'r#"a "b" \\"#'],
    ['a.rs', 'b"a"'],
    ['a.go', '`a\nb`'],
    ['a.lua', '[==[a\n]]b]==]'],
    ['a.java', '"""\na "b"\n"""'],
    ['a.json', '"a \\" b"'],
  ];
  for (const [path, text] of strings) {
    expect(lex(text, path)).toEqual([{ text, kind: tokenKinds.string, isOpen: false }]);
  }
});

test('a lifetime, an apostrophe and a dollar sign are no strings and no comments', () => {
  expect(code("fn f<'a>(x: &'a str, y: 'b')", 'a.rs')).toContain("'a");
  expect(code("don't stop\nnow", 'a.yaml')).toEqual(['don', "'", 't', 'stop', '\n', 'now']);
  expect(code('echo $# # count', 'a.sh')).toEqual(['echo', '$', '#', '# count']);
});

test('what nothing closes is open, and a quote ends with its line', () => {
  expect(lex("'ab", 'a.ts')).toMatchObject([{ text: "'ab", isOpen: true }]);
  expect(lex("'ab\\'", 'a.ts')).toMatchObject([{ isOpen: true }]);
  expect(lex('`ab', 'a.ts')).toMatchObject([{ isOpen: true }]);
  expect(lex('/* ab', 'a.ts')).toMatchObject([{ isOpen: true }]);
  expect(lex('// ab', 'a.ts')).toMatchObject([{ isOpen: true }]);
  expect(code("'ab\nc", 'a.ts')).toEqual(["'ab", '\n', 'c']);
});

test('newlines of all systems, and words of all scripts', () => {
  expect(code('größe\r\n名前\nслово\r', 'a.py')).toEqual([
    'größe',
    '\r\n',
    '名前',
    '\n',
    'слово',
    '\r',
  ]);
  expect(code('a😀b', 'a.py')).toEqual(['a😀b']);
});

test('any text of any language is cut without a gap', () => {
  const paths = 'ts py go rs java c rb lua sh json toml yaml md sql css html php unknown'.split(
    ' ',
  );
  const pieces = fc.constantFrom(
    ...`' " \` \\ / // /* */ # -- [[ ]] [=[ """ ''' r#" "# \${ } { ( ) [ ] \n \r\n \t <!-- --> =begin =end 1e+ 0x . .. ' f" b' don't 😀 名 \ud800 \0 $ @ >>= === a _b -c`.split(
      ' ',
    ),
    ' ',
  );
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    fc.string({ unit: 'binary', maxLength: 80 }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(...paths), (source, extension) => {
      const tokens = lex(source, `a.${extension}`);
      expect(tokens.map((token) => token.text).join('')).toBe(source);
      expect(tokens.every((token) => token.text.length > 0)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('the rest of a text is cut alike from any newline at rest', () => {
  const pieces = fc.constantFrom(...`\` \${ } { ' " // /* */ / a = ( ) [ ]`.split(' '), ' ', '\n');
  const text = fc.array(pieces, { maxLength: 60 }).map((all) => all.join(''));
  fc.assert(
    fc.property(text, (source) => {
      const language = languageOf('a.ts') ?? unknownLanguage;
      const whole = new Lexer(source, language);
      const ends: number[] = [];
      const restarts: number[] = [];
      while (whole.next()) {
        ends.push(whole.end);
        if (whole.kind === tokenKinds.newline && whole.isAtRest) restarts.push(whole.end);
      }
      for (const restart of restarts) {
        const rest = new Lexer(source, language, restart);
        const found: number[] = [];
        while (rest.next()) found.push(rest.end);
        expect(found).toEqual(ends.filter((end) => end > restart));
      }
    }),
  );
});
