import { parsePattern } from '@zeke/foundation/patterns';
import type { Detector } from './detector.ts';

/**
 * The longest match, in characters, as long as the longest word. A text that fits a pattern nearly everywhere, and
 * never whole, is read so often: it is what a character may cost at most.
 */
export const maxDeniedChars = 200;

export interface DenyList {
  readonly words: readonly string[];
  readonly patterns: readonly string[];
  readonly ignoreCase: boolean;
}

/** What all of a deny list are called where something is found. */
export const deniedKind = 'denied';

/**
 * Words, which must stand by themselves, and patterns. Both are called `denied`, since a placeholder or a
 * log with the word would say what was to be left out.
 */
export function denyListDetectors({ ignoreCase, patterns, words }: DenyList): Detector[] {
  const sources = [...words.map(wordPattern), ...patterns];
  return sources.map((source) => ({
    kind: deniedKind,
    pattern: parsePattern(source, { ignoreCase }),
  }));
}

function wordPattern(word: string): string {
  const escaped = word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const before = isWordLike(word.at(0)) ? `(?<!${wordLike})` : '';
  const after = isWordLike(word.at(-1)) ? `(?!${wordLike})` : '';
  return before + escaped + after;
}

/** Letters of Latin, Greek and Cyrillic scripts, digits and _. Other scripts write without spaces. */
const wordLike = '[\\w\\u00c0-\\u024f\\u0370-\\u052f]';

function isWordLike(char: string | undefined): boolean {
  return char !== undefined && /[\w\u00c0-\u024f\u0370-\u052f]/.test(char);
}
