import type { Answer, Contender, Question } from './contender.ts';
import { listSources } from './list-sources.ts';

const maxAnswers = 10;

/**
 * What editors offer without a language server: words that begin as what is typed, those of the open file
 * first, the nearest before the cursor first, then those of the project by how often it has them.
 */
export async function wordCompletion(root: string): Promise<Contender> {
  const files = new Map<string, string>();
  for (const { path, text } of await listSources(root)) files.set(path, text);
  let counts: readonly (readonly [string, number])[] | undefined;
  return {
    name: 'word completion',
    complete: (question) => {
      counts ??= countWords(files.values());
      return complete(question, counts);
    },
    update: async (path, text) => {
      files.set(path, text);
      counts = undefined;
    },
    remove: async (path) => {
      files.delete(path);
      counts = undefined;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function complete(
  { prefix, suffix }: Question,
  counts: readonly (readonly [string, number])[],
): Answer[] {
  const partial = /[\p{L}\p{N}_$]*$/u.exec(prefix.slice(-200))?.[0] ?? '';
  if (partial === '') return [];
  const before = wordsOf(prefix.slice(0, -partial.length)).reverse();
  const found = new Set<string>();
  const add = (word: string) => {
    if (word.length > partial.length && word.startsWith(partial)) found.add(word);
    return found.size < maxAnswers;
  };
  if (before.every(add) && wordsOf(suffix).every(add)) counts.every(([word]) => add(word));
  return [...found].map((word) => ({ text: word.slice(partial.length), confidence: Number.NaN }));
}

/** The most frequent first. */
function countWords(texts: Iterable<string>): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
}
