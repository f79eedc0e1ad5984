import type { Word, WordPart } from 'unbash';

/** Stands in a word for text, of any number of words, that only a running shell knows. */
export const unknownText = '\uE000';
/** Stands for what a glob or a brace list puts there: text of one part of a path, neither `.` nor `..`. */
export const globbedText = '\uE001';

/** What the variables are whose value is known before: `HOME` and `PWD`. */
export type KnownVariables = (name: string) => string | undefined;

/**
 * A word as the program gets it: quotes and escapes are gone, and what cannot be known beforehand is
 * `unknownText` or `globbedText`. Where a command has one of these characters itself it counts as
 * unknown too.
 */
export function readWord(word: Word, variables: KnownVariables): string {
  const text = word.parts === undefined ? word.value : readParts(word.parts, variables);
  return withHome(word, text, variables);
}

function withHome(word: Word, text: string, variables: KnownVariables): string {
  if (!word.text.startsWith('~')) return text;
  const home = variables('HOME');
  if (home === undefined || !/^~(?:\/|$)/.test(text)) return unknownText + text.slice(1);
  return home + text.slice(1);
}

/** The words that a word becomes: several where braces list them, else one. */
export function readWords(word: Word, variables: KnownVariables): string[] {
  const lists = word.parts?.filter(isList) ?? [];
  const count = lists.reduce((product, { text }) => product * text.split(',').length, 1);
  if (lists.length === 0 || count > maxBraced) return [readWord(word, variables)];
  let texts = [''];
  for (const part of word.parts ?? []) {
    const ways = isList(part) ? part.text.slice(1, -1).split(',') : [readPart(part, variables)];
    texts = texts.flatMap((text) => ways.map((way) => text + way));
  }
  const given = texts.filter((text) => text !== '');
  return given.map((text) => withHome(word, text, variables));
}

/** Words that one with braces may become; of more it is not said which. */
const maxBraced = 64;

function isList(part: WordPart): part is Extract<WordPart, { type: 'BraceExpansion' }> {
  return part.type === 'BraceExpansion' && /^\{[\w.,@+/-]*,[\w.,@+/-]*\}$/.test(part.text);
}

/** Texts of words, braces, heredocs and the like, one after the other. */
function readParts(parts: readonly WordPart[], variables: KnownVariables): string {
  return parts.map((part) => readPart(part, variables)).join('');
}

function readPart(part: WordPart, variables: KnownVariables): string {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return part.value;
    case 'DoubleQuoted':
      return readParts(part.parts, variables);
    case 'Glob':
      return globbedText;
    case 'BraceExpansion':
      return isPlainBrace(part.text) ? globbedText : unknownText;
    case 'ProcessSubstitution':
      return '/dev/fd/63';
    case 'SimpleExpansion':
      return variables(part.text.slice(1)) ?? unknownText;
    case 'ParameterExpansion': {
      const isPlain =
        part.operation === undefined && part.prefix === undefined && part.index === undefined;
      return (isPlain ? variables(part.parameter) : undefined) ?? unknownText;
    }
    case 'LocaleString':
    case 'CommandExpansion':
    case 'ArithmeticExpansion':
    case 'ExtendedGlob':
      return unknownText;
  }
}

/** A list of names or a range of numbers or letters, which adds no folders to a path. */
function isPlainBrace(text: string): boolean {
  if (/^\{-?\w+\.\.-?\w+(?:\.\.-?\d+)?\}$/.test(text)) return true;
  return /^\{[\w.,@+-]+\}$/.test(text) && !/[{,](?:[.-]|[,}])/.test(text);
}

/** Nothing in it depends on the running shell. */
export function isKnown(word: string): boolean {
  return !word.includes(unknownText) && !word.includes(globbedText);
}

/** For people: as it could be typed, what is unknown as `…`. */
export function showWords(words: readonly string[]): string {
  return words.map(showWord).join(' ');
}

function showWord(word: string): string {
  const shown = word.replaceAll(unknownText, '…').replaceAll(globbedText, '*');
  return /^[\w@%+=:,./…*~{}^-]+$/u.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
