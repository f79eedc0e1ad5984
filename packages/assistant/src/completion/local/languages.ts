/** What the lexer has to know of a language. Whatever it does not know is lexed as words and signs. */
export interface Language {
  /** Files of one family learn from each other: `script` is TypeScript and JavaScript. */
  readonly family: string;
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  /** Each opens a string that ends with the same sign, at the latest at the end of the line. */
  readonly quotes: string;
  /** Delimiters of strings that may span lines, the longer ones first. */
  readonly longQuotes: readonly string[];
  /** Words that may stand directly before a quote and belong to the string: `f"…"`, `r#"…"#`. */
  readonly stringPrefixes?: RegExp;
  /** Signs that belong to words beside letters, digits and `_`. */
  readonly wordSigns: string;
  /** Template strings with `${…}`, and regular expressions between slashes. */
  readonly isScript?: boolean;
  /** `'a` is a lifetime; `r#"…"#` a raw string. */
  readonly isRust?: boolean;
  /** `[[…]]` and `[==[…]==]` are strings, and comments after `--`. */
  readonly isLua?: boolean;
  /** A line comment begins only after a blank: `$#` and `a#b` are none. */
  readonly commentNeedsBlank?: boolean;
}

const cComments = {
  lineComments: ['//'],
  blockComments: [['/*', '*/']],
} as const;

const hashComments = { lineComments: ['#'], blockComments: [] } as const;

const plain = { longQuotes: [], wordSigns: '' } as const;

const languages = {
  script: { ...plain, ...cComments, quotes: `'"`, wordSigns: '$', isScript: true },
  python: {
    ...plain,
    ...hashComments,
    quotes: `'"`,
    longQuotes: ['"""', "'''"],
    stringPrefixes: /^[rbfutRBFUT]{1,2}$/,
  },
  go: { ...plain, ...cComments, quotes: `'"`, longQuotes: ['`'] },
  rust: { ...plain, ...cComments, quotes: `'"`, stringPrefixes: /^(b|c|r|br|cr)$/, isRust: true },
  jvm: { ...plain, ...cComments, quotes: `'"`, longQuotes: ['"""'], wordSigns: '$' },
  c: { ...plain, ...cComments, quotes: `'"`, stringPrefixes: /^(L|u|U|u8|R|LR|uR|UR|u8R)$/ },
  ruby: { ...plain, ...hashComments, blockComments: [['=begin', '=end']], quotes: `'"\`` },
  php: { ...plain, ...cComments, lineComments: ['//', '#'], quotes: `'"`, wordSigns: '$' },
  lua: { ...plain, lineComments: ['--'], blockComments: [], quotes: `'"`, isLua: true },
  shell: {
    ...plain,
    ...hashComments,
    quotes: `'"`,
    wordSigns: '-',
    commentNeedsBlank: true,
  },
  json: { ...plain, ...cComments, quotes: '"' },
  toml: { ...plain, ...hashComments, quotes: `'"`, longQuotes: ['"""', "'''"], wordSigns: '-' },
  yaml: {
    ...plain,
    ...hashComments,
    quotes: `'"`,
    wordSigns: '-',
    commentNeedsBlank: true,
  },
  sql: { ...plain, lineComments: ['--'], blockComments: [['/*', '*/']], quotes: `'"` },
  proto: { ...plain, ...cComments, quotes: `'"` },
  style: {
    ...plain,
    lineComments: [],
    blockComments: [['/*', '*/']],
    quotes: `'"`,
    wordSigns: '-',
  },
  markup: {
    ...plain,
    lineComments: [],
    blockComments: [['<!--', '-->']],
    quotes: '"',
    wordSigns: '-',
  },
  prose: { ...plain, lineComments: [], blockComments: [['<!--', '-->']], quotes: '' },
  other: { ...plain, lineComments: [], blockComments: [], quotes: `'"` },
} satisfies Record<string, Omit<Language, 'family'>>;

type Family = keyof typeof languages;

/** Extensions, and whole names of files that have none, without the point. */
const extensions: Record<Family, string> = {
  script: 'ts tsx mts cts js jsx mjs cjs vue svelte',
  python: 'py pyi pyw',
  go: 'go',
  rust: 'rs',
  jvm: 'java kt kts scala groovy gradle cs swift dart',
  c: 'c h cc cpp cxx hh hpp hxx m mm ino zig glsl',
  ruby: 'rb rake gemspec Rakefile Gemfile ex exs cr',
  php: 'php',
  lua: 'lua',
  shell: 'sh bash zsh ksh fish Dockerfile Makefile mk',
  json: 'json jsonc json5',
  toml: 'toml ini cfg conf',
  yaml: 'yaml yml',
  sql: 'sql',
  proto: 'proto graphql gql thrift',
  style: 'css scss less',
  markup: 'html htm xml svg',
  prose: 'md mdx markdown rst txt',
  other: '',
};

/** Names that editors give languages, where they are neither a family's nor an extension. */
const aliases: Record<string, Family> = {
  typescript: 'script',
  typescriptreact: 'script',
  javascript: 'script',
  javascriptreact: 'script',
  kotlin: 'jvm',
  csharp: 'jvm',
  'objective-c': 'c',
  'objective-cpp': 'c',
  shellscript: 'shell',
  dockerfile: 'shell',
  makefile: 'shell',
  markdown: 'prose',
  plaintext: 'prose',
  scss: 'style',
};

const familyOfExtension = new Map<string, Family>(
  Object.entries(extensions).flatMap(([family, all]) =>
    all.split(' ').map((extension) => [extension, family as Family] as const),
  ),
);

/**
 * The language of a file, by what the editor calls it (`typescriptreact`, `python`), else by the path's
 * extension; undefined where neither is known.
 */
export function languageOf(path: string, name?: string): Language | undefined {
  const family = familyNamed(name) ?? familyOfPath(path);
  return family === undefined ? undefined : byFamily.get(family);
}

/** For text of which nothing is known. */
export const unknownLanguage: Language = { family: 'other', ...languages.other };

const byFamily = new Map<string, Language>(
  Object.entries(languages).map(([family, language]) => [family, { family, ...language }]),
);

function familyNamed(name: string | undefined): Family | undefined {
  if (name === undefined) return undefined;
  const known = name.toLowerCase();
  if (Object.hasOwn(languages, known)) return known as Family;
  return Object.hasOwn(aliases, known) ? aliases[known] : familyOfExtension.get(known);
}

function familyOfPath(path: string): Family | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return familyOfExtension.get(name.slice(name.lastIndexOf('.') + 1));
}
