/** How much the exact text counts beside one of its words. */
const textShare = 0.2;

/** A unit vector that depends on the text alone: texts with the same words are near to each other. */
export function embeddingOf(text: string, dimensions: number): number[] {
  const vector = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) addNoise(vector, word, 1);
  addNoise(vector, text, textShare);
  const length = Math.hypot(...vector) || 1;
  return Array.from(vector, (value) => Math.fround(value / length));
}

/** Adds numbers from -1 to 1 that depend on the text alone. */
function addNoise(vector: Float64Array, text: string, share: number): void {
  let state = Bun.hash.crc32(text) | 1;
  for (let i = 0; i < vector.length; i++) {
    // One step of xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    vector[i] = (vector[i] ?? 0) + share * ((state >>> 0) / 2 ** 31 - 1);
  }
}
