import { wordsOf } from './words-of.ts';

/** As in most uses of BM25: how fast a word is saturated, and how much length counts. */
const saturation = 1.2;
const lengthShare = 0.75;

/**
 * How well each text answers a question, by its words: Okapi BM25 (Robertson and others 1994). 0 where
 * they share none.
 */
export function rankTexts(texts: readonly string[], question: string): number[] {
  const asked = new Set(wordsOf(question));
  const counts = texts.map((text) => countOf(wordsOf(text), asked));
  const meanLength = counts.reduce((sum, { length }) => sum + length, 0) / (texts.length || 1);
  const rarity = new Map<string, number>();
  for (const word of asked) {
    const having = counts.filter(({ words }) => words.has(word)).length;
    rarity.set(word, Math.log(1 + (texts.length - having + 0.5) / (having + 0.5)));
  }
  return counts.map(({ words, length }) => {
    const norm = saturation * (1 - lengthShare + (lengthShare * length) / (meanLength || 1));
    let score = 0;
    for (const [word, count] of words) {
      score += ((rarity.get(word) ?? 0) * count * (saturation + 1)) / (count + norm);
    }
    return score;
  });
}

function countOf(words: readonly string[], asked: ReadonlySet<string>) {
  const counts = new Map<string, number>();
  for (const word of words) {
    if (asked.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return { words: counts, length: words.length };
}
