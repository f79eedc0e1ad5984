/** Tokens before a place that tell it from others. */
export const maxOrder = 10;

/**
 * Places of a token stream, sorted by the token before each, then the one before that, and so on: a suffix
 * array of the stream read backwards, to `maxOrder`. All places that follow the same tokens are
 * neighbours, and those that follow more of the same tokens lie within them, so one narrowing range
 * finds every order of an n-gram. 4 bytes a token. Sorted in slices: each `yield` is a chance to stop.
 */
export function* sortContexts(
  tokens: Int32Array,
  vocabularySize: number,
): Generator<void, Int32Array> {
  const length = tokens.length;
  let from = new Int32Array(length);
  let to = new Int32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  for (let order = maxOrder; order >= 1; order--) {
    const next = bucketStarts(tokens, order, vocabularySize);
    for (let begin = 0; begin < length; begin += sliceLength) {
      const end = Math.min(length, begin + sliceLength);
      for (let i = begin; i < end; i++) {
        const place = from[i] as number;
        const token = place >= order ? (tokens[place - order] as number) : 0;
        to[(next[token] as number)++] = place;
      }
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Places moved between two chances to stop: some 3 ms. */
const sliceLength = 1 << 16;

/** Where the places that follow each token begin, by the token `order` before them; 0 stands for none. */
function bucketStarts(tokens: Int32Array, order: number, vocabularySize: number): Int32Array {
  const starts = new Int32Array(vocabularySize);
  starts[0] = Math.min(order, tokens.length);
  for (let i = 0; i < tokens.length - order; i++) (starts[tokens[i] as number] as number)++;
  let sum = 0;
  for (let token = 0; token < vocabularySize; token++) {
    const count = starts[token] as number;
    starts[token] = sum;
    sum += count;
  }
  return starts;
}
