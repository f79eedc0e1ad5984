import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { CodeTokens } from './code-tokens.ts';
import { SegmentStore } from './segment-store.ts';
import { learnedViewCount, type Surroundings, viewCount } from './surroundings.ts';
import { TokenChain } from './token-chain.ts';
import { ViewIndex } from './view-index.ts';
import { specialTokens } from './vocabulary.ts';

const words = ['(', ')', '{', '}', ',', '=', 'const', 'one', 'two', 'Three', '"text"', '4'];
const files = fc.array(fc.array(fc.constantFrom(...words, '\n'), { maxLength: 40 }), {
  minLength: 1,
  maxLength: 4,
});

function idsOf(store: SegmentStore, text: readonly string[]): number[] {
  return text.map((word) =>
    word === '\n' ? specialTokens.newline : store.vocabulary.intern(word, 0, word.length),
  );
}

function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** What each view sees at each place, by the plain way. */
function hashesOf(start: Surroundings, ids: readonly number[]): Int32Array[] {
  return ids.map((id) => {
    const row = new Int32Array(viewCount);
    start.hash(row, 0);
    start.push(id);
    return row;
  });
}

test('finds all places at which a view sees the same, and no others', () => {
  fc.assert(
    fc.property(files, (all) => {
      const store = new SegmentStore();
      const tokens = new CodeTokens();
      const list: { path: string; start: number }[] = [];
      const rows: Int32Array[] = [];
      for (const [i, text] of all.entries()) {
        const ids = [specialTokens.fileStart, ...idsOf(store, text)];
        list.push({ path: `${i}`, start: tokens.length });
        for (const id of ids) tokens.push(id, 0);
        rows.push(...hashesOf(store.fileStart(), ids));
      }
      const index = finish(
        ViewIndex.build(tokens.ids.subarray(0, tokens.length), list, () => store.fileStart()),
      );
      const range = new Int32Array(2);
      for (let view = 0; view < learnedViewCount; view++) {
        for (const row of rows) {
          const wanted = rows.flatMap((other, place) => (other[view] === row[view] ? place : []));
          index.find(view, row[view]!, range);
          const [start = 0, end = 0] = range;
          const found = Array.from({ length: end - start }, (_, i) =>
            index.placeAt(view, start + i),
          );
          expect(found).toEqual(wanted);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a chain that was cut and grew again sees what a new one does', () => {
  fc.assert(
    fc.property(files, fc.nat(), (all, cut) => {
      const store = new SegmentStore();
      const [first = [], second = []] = all.map((text) => idsOf(store, text));
      const kept = first.slice(0, cut % (first.length + 1));
      const grown = new TokenChain(store.fileStart());
      for (const id of first) grown.push(id, 0);
      grown.truncate(kept.length);
      const fresh = new TokenChain(store.fileStart());
      for (const id of kept) fresh.push(id, 0);
      for (const id of second) {
        grown.push(id, 0);
        fresh.push(id, 0);
      }
      const now = new Int32Array(viewCount);
      const wanted = new Int32Array(viewCount);
      grown.surroundings.hash(now, 0);
      fresh.surroundings.hash(wanted, 0);
      expect(now).toEqual(wanted);
      for (let view = 0; view < viewCount; view++) {
        expect(placesOf(grown, view, now[view]!)).toEqual(placesOf(fresh, view, now[view]!));
      }
      for (const id of [...first, ...second]) {
        expect([grown.latestOf(id), grown.usesOf(id)]).toEqual([
          fresh.latestOf(id),
          fresh.usesOf(id),
        ]);
      }
    }),
    { numRuns: 100 },
  );
});

function placesOf(chain: TokenChain, view: number, hash: number): number[] {
  const found: number[] = [];
  let place = chain.latestAlike(view, hash);
  for (; place >= 0; place = chain.earlierAlike(view, place)) found.push(place);
  return found;
}
