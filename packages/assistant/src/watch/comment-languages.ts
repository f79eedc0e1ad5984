import { type Language, languageOf } from '../completion/local/languages.ts';

/**
 * How comments and strings look in a file. Where nothing is known of it, `#`, `//`, `--` and `;` begin a
 * comment when a blank stands before them.
 */
export function commentLanguageOf(path: string): Language {
  return byExtension.get(extensionOf(path)) ?? languageOf(path) ?? unknown;
}

function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}

const plain = { blockComments: [], quotes: '"', longQuotes: [], wordSigns: '' } as const;

/** The lexer keeps a table for each family, so that each has a name of its own. */
const unknown: Language = {
  ...plain,
  family: 'comments-unknown',
  lineComments: ['//', '#', '--', ';'],
  quotes: `'"`,
  commentNeedsBlank: true,
};

const languages: Readonly<Record<string, Language>> = {
  // Markup and script in one file: an address in text has no blank before its slashes.
  'html htm vue svelte astro': {
    ...plain,
    family: 'comments-web',
    lineComments: ['//'],
    blockComments: [
      ['<!--', '-->'],
      ['/*', '*/'],
    ],
    commentNeedsBlank: true,
  },
  'r jl pl pm nix awk tcl ps1 cmake gd coffee': {
    ...plain,
    family: 'comments-hash',
    lineComments: ['#'],
    quotes: `'"`,
    commentNeedsBlank: true,
  },
  'tf hcl': {
    ...plain,
    family: 'comments-hcl',
    lineComments: ['#', '//'],
    blockComments: [['/*', '*/']],
  },
  'clj cljs cljc edn el lisp lsp scm rkt asm s': {
    ...plain,
    family: 'comments-semicolon',
    lineComments: [';'],
  },
  'hs elm purs': {
    ...plain,
    family: 'comments-haskell',
    lineComments: ['--'],
    blockComments: [['{-', '-}']],
    commentNeedsBlank: true,
  },
  'adb ads vhd vhdl': { ...plain, family: 'comments-ada', lineComments: ['--'] },
  'erl hrl tex sty': { ...plain, family: 'comments-percent', lineComments: ['%'] },
  'ml mli': { ...plain, family: 'comments-ocaml', lineComments: [], blockComments: [['(*', '*)']] },
};

const byExtension = new Map<string, Language>(
  Object.entries(languages).flatMap(([extensions, language]) =>
    extensions.split(' ').map((extension) => [extension, language] as const),
  ),
);
