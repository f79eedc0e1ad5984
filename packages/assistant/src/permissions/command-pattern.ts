import type { ParsedPattern } from './rule.ts';
import { globbedText, unknownText } from './shell/shell-word.ts';
import { matchesWildcard, mayMatchWildcard, splitPattern } from './wildcard.ts';

/**
 * The pattern of a command as rules have it: words with stars, which stand for any text and any
 * number of words. A last word that is only a star may be absent. Quotes hold a word together.
 */
export function commandPattern(text: string): ParsedPattern {
  const words = splitWords(text.replace(/:\*$/, ' *'));
  if (words === undefined) return { fault: 'a quote is not closed' };
  return { pattern: words.join('\0') };
}

/** As `commandPattern`, for exactly these words. */
export function showCommandPattern(words: readonly string[], isPrefix: boolean): string {
  const shown = words.map((word) => {
    const escaped = word.replace(/[*\\]/g, '\\$&');
    return /^[^\s'"()]+$/.test(word) ? escaped : `"${escaped.replaceAll('"', '\\"')}"`;
  });
  return [...shown, ...(isPrefix ? ['*'] : [])].join(' ');
}

/** True when every command that these words may become fits the pattern. */
export function matchesCommand(pattern: string | undefined, words: readonly string[]): boolean {
  if (pattern === undefined) return true;
  const text = words.join('\0');
  if (matchesWildcard(pattern, text)) return true;
  return pattern.endsWith('\0*') && matchesWildcard(pattern.slice(0, -2), text);
}

/** True when some command that these words may become fits the pattern. */
export function mayMatchCommand(pattern: string | undefined, words: readonly string[]): boolean {
  if (pattern === undefined) return true;
  const text = words.join('\0').replaceAll(globbedText, unknownText);
  if (!text.includes(unknownText)) return matchesCommand(pattern, words);
  if (mayMatchWildcard(pattern, text, unknownText)) return true;
  return pattern.endsWith('\0*') && mayMatchWildcard(pattern.slice(0, -2), text, unknownText);
}

/** True when the pattern itself names these words, one by one, from the first on. */
export function namesWords(pattern: string | undefined, words: readonly string[]): boolean {
  if (pattern === undefined) return false;
  const named = pattern.split('\0');
  return words.every((word, at) => {
    const parts = splitPattern(named[at] ?? '*');
    return parts.length === 1 && parts[0] === word;
  });
}

/** As a shell splits plain words; a star stays one, and `\*` a plain one. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\' && at + 1 < text.length) {
      at += 1;
      const next = text[at] ?? '';
      word = (word ?? '') + ('*\\'.includes(next) ? `\\${next}` : next);
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
