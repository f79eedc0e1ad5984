import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { kindOf } from './definition-kinds.ts';
import { FileParser } from './file-parser.ts';
import { definitionFields, type FileSymbols, maxSignatureLength } from './file-symbols.ts';
import { type GrammarName, grammarOf } from './grammars.ts';

const parser = new FileParser(() => performance.now());

function definitionsOf({ names, definitions, signatures }: FileSymbols): string[] {
  const lines = signatures.split('\n');
  return Array.from({ length: definitions.length / definitionFields }, (_, at) => {
    const [name = 0, kind = 0, first, last] = definitions.subarray(at * definitionFields);
    return `${kindOf(kind)} ${names[name]} ${first}-${last}: ${lines[at]}`;
  });
}

test.each<[GrammarName, string, string[]]>([
  [
    'typescript',
    'export const two = (a: number): number => a;\nexport default class A<T> extends B {\n  #x = 1;\n  get y(): number { return 1; }\n}\nenum E { one }\n',
    [
      'function two 1-1: export const two = (a: number): number',
      'class A 2-5: export default class A<T> extends B',
      'field x 3-3: #x = 1',
      'method y 4-4: get y(): number',
      'enum E 6-6: enum E',
    ],
  ],
  [
    'tsx',
    'export function Button(props: Props) {\n  return <Icon />;\n}\n',
    ['function Button 1-3: export function Button(props: Props)'],
  ],
  [
    'javascript',
    'exports.load = function () {};\nclass A { run() {} }\n',
    [
      'function load 1-1: exports.load = function () {}',
      'class A 2-2: class A',
      'method run 2-2: run()',
    ],
  ],
  [
    'python',
    '@cached\ndef load(path: str) -> int:\n    def inner(): pass\n    return 1\n\nclass A(B):\n    limit = 1\n    async def run(self): pass\n\nMAX = 3\n',
    [
      'function load 2-4: def load(path: str) -> int',
      'class A 6-8: class A(B)',
      'field limit 7-7: limit = 1',
      'method run 8-8: async def run(self)',
      'variable MAX 10-10: MAX = 3',
    ],
  ],
  [
    'go',
    'package a\n\ntype Store struct { name string }\ntype Reader interface { Read() error }\nfunc (s *Store) Get(key string) (string, error) { return "", nil }\nfunc New() *Store { return nil }\nconst Limit = 3\n',
    [
      'class Store 3-3: type Store struct { name string }',
      'interface Reader 4-4: type Reader interface { Read() error }',
      'method Read 4-4: Read() error',
      'method Get 5-5: func (s *Store) Get(key string) (string, error)',
      'function New 6-6: func New() *Store',
      'constant Limit 7-7: const Limit = 3',
    ],
  ],
  [
    'rust',
    'pub struct Store { name: String }\nimpl Store {\n    pub fn get(&self, key: &str) -> Option<String> { None }\n}\npub trait Reader { fn read(&self); }\npub(crate) fn open() {}\nmacro_rules! say { () => {} }\n',
    [
      'class Store 1-1: pub struct Store',
      'method get 3-3: pub fn get(&self, key: &str) -> Option<String>',
      'interface Reader 5-5: pub trait Reader',
      'method read 5-5: fn read(&self);',
      'function open 6-6: pub(crate) fn open()',
      'macro say 7-7: macro_rules! say { () => {} }',
    ],
  ],
  [
    'java',
    'package a;\npublic class Store<T> {\n  private int size = 0;\n  public Store() {}\n  public T get(String key) { return null; }\n}\n',
    [
      'class Store 2-6: public class Store<T>',
      'field size 3-3: private int size = 0;',
      'method Store 4-4: public Store()',
      'method get 5-5: public T get(String key)',
    ],
  ],
  [
    'c',
    '#define LIMIT 3\nstruct store { int size; };\ntypedef int number;\nstatic int get(const char *class) { return 0; }\nchar *name_of(void) { return 0; }\n',
    [
      'macro LIMIT 1-2: #define LIMIT 3',
      'class store 2-2: struct store',
      'type number 3-3: typedef int number;',
      'function get 4-4: static int get(const char *class)',
      'function name_of 5-5: char *name_of(void)',
    ],
  ],
  [
    'cpp',
    'namespace kit {\nclass Store : public Base {\n public:\n  int get(int key);\n};\nint Store::get(int key) { return 0; }\n}\n',
    [
      'module kit 1-7: namespace kit',
      'class Store 2-5: class Store : public Base',
      'method get 4-4: int get(int key);',
      'method get 6-6: int Store::get(int key)',
    ],
  ],
  [
    'ruby',
    'module Kit\n  class Store < Base\n    def valid?(key)\n    end\n    def self.open; end\n  end\nend\nLIMIT = 3\n',
    [
      'module Kit 1-7: module Kit',
      'class Store 2-6: class Store < Base',
      'method valid 3-4: def valid?(key)',
      'method open 5-5: def self.open; end',
      'constant LIMIT 8-8: LIMIT = 3',
    ],
  ],
  [
    'bash',
    'LIMIT=3\nload() {\n  echo hi\n}\nfunction save { :; }\n',
    [
      'variable LIMIT 1-1: LIMIT=3',
      'function load 2-4: load()',
      'function save 5-5: function save',
    ],
  ],
  [
    'lua',
    'local limit = 3\nfunction Kit.load(path) end\nfunction Kit:save() end\nlocal function inner() end\n',
    [
      'variable limit 1-1: local limit = 3',
      'function load 2-2: function Kit.load(path) end',
      'method save 3-3: function Kit:save() end',
      'function inner 4-4: local function inner() end',
    ],
  ],
])('definitions of %s', async (grammar, text, expected) => {
  const symbols = await parser.parse(grammar, text);
  expect(definitionsOf(symbols!)).toEqual(expected);
});

test('references are names outside of comments and strings', async () => {
  const text =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template of the parsed text
    "// inComment\nconst a1 = realOne('inString', `inTemplate ${realTwo}`, /inPattern/);\nrealOne(a1);\n";
  const { names, references } = (await parser.parse('typescript', text))!;
  const counts = Object.fromEntries(
    Array.from({ length: references.length / 2 }, (_, at) => [
      names[references[at * 2]!],
      references[at * 2 + 1],
    ]),
  );
  expect(counts).toEqual({ realOne: 2, realTwo: 1 });
});

test('any text is parsed, in all languages, and what is found stands in it', async () => {
  const grammars: GrammarName[] = [
    'typescript',
    'tsx',
    'python',
    'go',
    'rust',
    'c',
    'cpp',
    'java',
    'ruby',
    'bash',
    'lua',
    'javascript',
  ];
  const word = fc.constantFrom(
    'function ',
    'class ',
    'def ',
    'fn ',
    '{',
    '}',
    '(',
    ')',
    '"',
    "'",
    '`',
    '\n',
    '//',
    '/*',
    '#',
    'name',
    ' = ',
    ';',
    'é',
    '😀',
    '\\',
    '<',
    '>',
    '${',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...grammars),
      fc.array(word, { maxLength: 60 }),
      async (grammar, words) => {
        const text = words.join('');
        const symbols = (await parser.parse(grammar, text))!;
        for (const name of symbols.names) expect(text).toContain(name);
        const lines = symbols.signatures === '' ? [] : symbols.signatures.split('\n');
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(maxSignatureLength);
        const lineCount = text.split('\n').length;
        for (let at = 0; at < symbols.definitions.length; at += definitionFields) {
          expect(symbols.definitions[at + 3]!).toBeGreaterThanOrEqual(symbols.definitions[at + 2]!);
          expect(symbols.definitions[at + 3]!).toBeLessThanOrEqual(lineCount);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('the clock ends a parse that takes too long', async () => {
  let now = 0;
  const slow = new FileParser(() => (now += 3_000));
  expect(await slow.parse('typescript', 'let a = 1;\n'.repeat(5_000))).toBeUndefined();
});

test.each([
  ['a/b.ts', 'typescript'],
  ['b.test.TSX', 'tsx'],
  ['x.h', 'cpp'],
  ['Makefile', undefined],
  ['a.d/readme', undefined],
])('%s is %s', (path, grammar) => {
  expect(grammarOf(path)).toBe(grammar as GrammarName);
});
