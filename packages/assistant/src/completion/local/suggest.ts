import { type AfterCursor, readAfterCursor } from './after-cursor.ts';
import { calibrateWhole } from './calibration.ts';
import { isWordAt } from './lexer.ts';
import type { Cursor, OpenFile } from './open-file.ts';
import type { RankedSegment } from './predictor.ts';
import type { RankedPlace, Ranker, Ranking } from './ranker.ts';
import { maxOrder } from './sorted-contexts.ts';
import { shapeOf } from './token-shapes.ts';
import { specialTokens, type Vocabulary } from './vocabulary.ts';

/** What may be typed next. */
export interface LocalSuggestion {
  /** Goes in at the cursor; never begins nor ends within a token, but for the one being typed. */
  readonly text: string;
  /** How often such a suggestion is right to the letter: 0 to 1. */
  readonly confidence: number;
}

/** Suggestions in one answer. */
export const maxSuggestions = 10;

/** Tokens of a suggestion. */
const maxSuggestedTokens = 24;

/** Candidates looked at beyond those asked for, since some repeat what follows the cursor. */
const spare = 4;

/** A suggestion goes on while its next token is at least this likely, and all of it right so often. */
const nextAtLeast = 0.75;
const wholeAtLeast = 0.5;

/** Of what was never seen, the share that is a whole new word and not the beginning of one. */
const newWordShare = 0.5;

export interface SuggestOptions {
  readonly ranker: Ranker;
  readonly vocabulary: Vocabulary;
  readonly file: OpenFile;
  readonly segments: readonly RankedSegment[];
  readonly cursor: Cursor;
  /** What follows the cursor. */
  readonly suffix: string;
  readonly limit: number;
}

/** The likeliest continuations at a cursor, the most confident first; however unlikely. */
export function suggest(options: SuggestOptions): LocalSuggestion[] {
  const { cursor, file, limit, suffix } = options;
  const after = readAfterCursor(cursor, file, suffix);
  if (after === undefined) return [];
  const firsts = firstTokens(options, after)
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, limit);
  return firsts
    .map((first) => {
      // Behind a string that is closed already nothing can be added here.
      const isEnd = after.quote !== '' || calibrateWhole(first.probability) < wholeAtLeast;
      return isEnd ? first : followed(options, after, first);
    })
    .filter(({ text }) => (cursor.line + text).trim() !== after.nextLine)
    .map((draft) => ({ text: draft.text, confidence: calibrateWhole(draft.probability) }))
    .toSorted((a, b) => b.confidence - a.confidence);
}

/** A suggestion as it grows. */
interface Draft {
  readonly text: string;
  /** The product of its tokens' probabilities. */
  readonly probability: number;
  readonly tokens: number;
  /** Behind it. */
  readonly place: RankedPlace;
}

function firstTokens(options: SuggestOptions, after: AfterCursor): Draft[] {
  const { cursor } = options;
  if (cursor.partial === '') return nextTokens(options, after, cursor, cursor.gap);
  const { drafts, wholeShare } = endings(options, after);
  if (cursor.isInString) return drafts;
  const whole = behindWord(cursor, options.vocabulary);
  return [...drafts, ...nextTokens(options, after, whole, 'word', wholeShare)];
}

/** How the token being typed may go on, and how likely it is whole already. */
function endings(
  options: SuggestOptions,
  after: AfterCursor,
): { drafts: Draft[]; wholeShare: number } {
  const { cursor, vocabulary } = options;
  const { partial } = cursor;
  const ranking = rank(options, cursor, partial);
  const drafts: Draft[] = [];
  let wholeShare = ranking.rest * newWordShare;
  const { count, ids, probabilities } = ranking;
  for (const i of likeliest(probabilities, count, options.limit + spare)) {
    const id = ids[i] as number;
    const share = probabilities[i] as number;
    const text = withoutEnd(vocabulary.text(id).slice(partial.length), after.quote);
    if (text === '') wholeShare += share;
    else if (!runsInto(options, text, after)) {
      drafts.push({ text, probability: share, tokens: 1, place: pushed(cursor, id) });
    }
  }
  return { drafts, wholeShare };
}

function rank(options: SuggestOptions, place: RankedPlace, partial = ''): Ranking {
  const { file, ranker, segments, vocabulary } = options;
  const sources = { chains: [file.before, file.behind], segments };
  const narrowing =
    partial === ''
      ? undefined
      : {
          ids: vocabulary.idsStartingWith(partial),
          accepts: (id: number) => vocabulary.startsWith(id, partial),
          usesOf: (id: number) => vocabulary.usesOf(id),
        };
  return ranker.rank(sources, place, narrowing);
}

/** All that may come next, behind a blank or not, as `gap` says; without the end of the line. */
function nextTokens(
  options: SuggestOptions,
  after: AfterCursor,
  place: RankedPlace,
  gap: Cursor['gap'] | 'word',
  weight = 1,
): Draft[] {
  const { file, vocabulary } = options;
  const ranking = rank(options, place);
  const shares = sharesAfter(ranking, gap);
  const drafts: Draft[] = [];
  for (const i of likeliest(shares, ranking.count, options.limit + spare)) {
    const id = ranking.ids[i] as number;
    const share = shares[i] as number;
    if (id === specialTokens.newline) continue;
    const token = vocabulary.text(id);
    if (token === after.token || runsInto(options, token, after)) continue;
    const isOpen = gap === 'none' || gap === 'word';
    const isBlank =
      isOpen && needsBlank(ranking, i, gap === 'word' && isWordAt(token, 0, file.language));
    drafts.push({
      text: isBlank ? ` ${token}` : token,
      probability: share * weight,
      tokens: 1,
      place: pushed(place, id),
    });
  }
  return drafts;
}

/** Probabilities, given what is typed behind the last token. */
function sharesAfter(ranking: Ranking, gap: Cursor['gap'] | 'word'): Float64Array {
  const { blankShares, count, ids, probabilities } = ranking;
  const shares = probabilities.slice(0, count);
  if (gap === 'none' || gap === 'word') return shares;
  let sum = ranking.rest;
  for (let i = 0; i < count; i++) {
    const isBreak = ids[i] === specialTokens.newline;
    const fits = gap === 'newline' ? 1 : (blankShares[i] as number) * 0.98 + 0.02;
    shares[i] = isBreak ? 0 : (shares[i] as number) * fits;
    sum += shares[i] as number;
  }
  for (let i = 0; i < count; i++) shares[i] = (shares[i] as number) / sum;
  return shares;
}

/** The draft with what surely follows, up to the end of the line at most. */
function followed(options: SuggestOptions, after: AfterCursor, first: Draft): Draft {
  const { file, vocabulary } = options;
  let best = first;
  let draft = first;
  let depth = depthOf(first.text);
  while (draft.tokens < maxSuggestedTokens) {
    const ranking = rank(options, draft.place);
    const [next] = likeliest(ranking.probabilities, ranking.count, 1);
    if (next === undefined) break;
    const id = ranking.ids[next] as number;
    if (id === specialTokens.newline) break;
    const share = ranking.probabilities[next] as number;
    const probability = draft.probability * share;
    if (share < nextAtLeast || calibrateWhole(probability) < wholeAtLeast) break;
    const token = vocabulary.text(id);
    if (depth <= 0 && token === after.token) break;
    depth += depthOf(token);
    const isBetweenWords =
      isWordAt(token, 0, file.language) &&
      isWordAt(draft.text, draft.text.length - 1, file.language);
    const blank = needsBlank(ranking, next, isBetweenWords) ? ' ' : '';
    const text = draft.text + blank + token;
    draft = { text, probability, tokens: draft.tokens + 1, place: pushed(draft.place, id) };
    if (!runsInto(options, token, after)) best = draft;
  }
  return best;
}

/** The numbers of the `most` highest shares above 0, the highest first. */
function likeliest(shares: Float64Array, count: number, most: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < count; i++) {
    const share = shares[i] as number;
    if (share <= 0) continue;
    let at = best.length;
    while (at > 0 && (shares[best[at - 1] as number] as number) < share) at--;
    if (at >= most) continue;
    best.splice(at, 0, i);
    if (best.length > most) best.pop();
  }
  return best;
}

function needsBlank({ blankShares }: Ranking, candidate: number, isBetweenWords: boolean): boolean {
  return isBetweenWords || (blankShares[candidate] as number) > 0.5;
}

/** Brackets that a token opens and does not close. */
function depthOf(token: string): number {
  if (token === '(' || token === '[' || token === '{' || token.endsWith('${')) return 1;
  return token === ')' || token === ']' || token === '}' || token.startsWith('}') ? -1 : 0;
}

/** Text that would make one word with what follows the cursor. */
function runsInto({ file }: SuggestOptions, text: string, after: AfterCursor): boolean {
  return after.isWord && isWordAt(text, text.length - 1, file.language);
}

function withoutEnd(text: string, end: string): string {
  return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text;
}

/** The place behind the word that is typed, which may be new. */
export function behindWord(cursor: Cursor, vocabulary: Vocabulary): RankedPlace {
  const id = vocabulary.find(cursor.partial);
  return pushed(cursor, id, shapeOf(cursor.partial, id));
}

/** A place one token further. */
function pushed(
  { context, contextLength, surroundings }: RankedPlace,
  id: number,
  shape?: number,
): RankedPlace {
  const next = new Int32Array(maxOrder);
  next[0] = id;
  next.set(context.subarray(0, maxOrder - 1), 1);
  const further = surroundings.copy();
  further.push(id, shape);
  return {
    context: next,
    contextLength: Math.min(contextLength + 1, maxOrder),
    surroundings: further,
  };
}
