/** Of longer texts the beginning is compared. */
const maxComparedCharacters = 20_000;

/**
 * How alike two texts are, from 0 to 1: the pairs of neighbouring characters that both have, against
 * all that they have (Sørensen–Dice). Linear in their length.
 */
export function similarity(one: string, other: string): number {
  if (one === other) return 1;
  const left = pairsOf(one.slice(0, maxComparedCharacters));
  const right = pairsOf(other.slice(0, maxComparedCharacters));
  let shared = 0;
  for (const [pair, count] of left.counts) shared += Math.min(count, right.counts.get(pair) ?? 0);
  const all = left.total + right.total;
  return all === 0 ? 0 : (2 * shared) / all;
}

function pairsOf(text: string) {
  const counts = new Map<number, number>();
  for (let at = 1; at < text.length; at++) {
    const pair = text.charCodeAt(at - 1) * 65_536 + text.charCodeAt(at);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return { counts, total: Math.max(0, text.length - 1) };
}
