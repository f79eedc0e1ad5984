import { grammarOf } from './grammars.ts';

/** Files of one family can name each other's definitions: `.ts` and `.js`, `.c` and `.hpp`. */
export function languageFamily(path: string): string | undefined {
  const grammar = grammarOf(path);
  if (grammar === 'typescript' || grammar === 'tsx') return 'javascript';
  return grammar === 'cpp' ? 'c' : grammar;
}
