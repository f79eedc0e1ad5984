import {
  behindWord,
  featureCount,
  LearnedProject,
  Lexer,
  languageOf,
  levelsFrom,
  OpenFile,
  Predictor,
  type RankedPlace,
  Ranker,
  specialTokens,
  tokenKinds,
} from '@zeke/assistant/completion/local';
import { environment } from './contender.ts';
import { holdOut } from './held-out.ts';
import type { Source } from './list-sources.ts';

/** A place of a file, and what the ranking knew there. */
export interface Sample {
  /** Of the candidates, and of all others as the last one: `featureCount` each. */
  readonly features: Float32Array;
  readonly count: number;
  /** The number of the right candidate. */
  readonly right: number;
  /** A word that was begun, or a whole token. */
  readonly isEnding: boolean;
  readonly isNewline: boolean;
}

/** Languages that are learned from. */
const extensions = 'ts,tsx,mts,cts,js,mjs,cjs,jsx,py,go,rs,java,kt,c,h,cc,cpp,rb,php';

/** Letters of a word that are typed where it is begun. */
const typedLetters = 2;
const shortestBegun = 4;

/** What the ranking sees in files held out of a project, at every `every`th token. */
export async function* samplesOf(
  project: string,
  files: number,
  every: number,
): AsyncGenerator<Sample> {
  await using heldOut = await holdOut(project, files, extensions);
  const { signal } = new AbortController();
  const learned = new LearnedProject({ root: heldOut.root, environment, signal });
  await learned.readAll();
  const ranker = new Ranker(new Predictor(), learned.vocabulary, learned.shapes);
  for (const [number, file] of heldOut.files.entries()) {
    // Half of the files are written from the top, half have lines changed in the middle of them.
    yield* samplesOfFile(learned, ranker, file, every, number % 2 === 1);
  }
}

function* samplesOfFile(
  learned: LearnedProject,
  ranker: Ranker,
  { path, text }: Source,
  every: number,
  hasRest: boolean,
): Generator<Sample> {
  const language = languageOf(path);
  if (language === undefined) return;
  const { vocabulary } = learned;
  const file = new OpenFile(path, language, vocabulary, () => learned.fileStart());
  const segments = learned
    .segmentsOf(language.family)
    .map((segment) => ({ segment, levels: levelsFrom(path, segment) }));
  const restOf = (at: number) => (hasRest ? text.slice(endOfLine(text, at)) : '');
  const sampleAt = (end: number, token: string, begun: string): Sample | undefined => {
    const cursor = file.moveTo(text.slice(0, end), restOf(end));
    if (cursor === undefined) return undefined;
    const place: RankedPlace =
      begun === '' && cursor.partial !== '' ? behindWord(cursor, vocabulary) : cursor;
    const narrowing = {
      ids: begun === '' ? [] : vocabulary.idsStartingWith(begun),
      accepts: (id: number) => vocabulary.startsWith(id, begun),
      usesOf: (id: number) => vocabulary.usesOf(id),
    };
    const sources = { chains: [file.before, file.behind], segments };
    const ranking = ranker.rank(sources, place, begun === '' ? undefined : narrowing);
    const id = token === '\n' ? specialTokens.newline : vocabulary.find(token);
    const found = ranking.ids.subarray(0, ranking.count).indexOf(id);
    return {
      features: ranking.features.slice(0, (ranking.count + 1) * featureCount),
      count: ranking.count + 1,
      right: found < 0 ? ranking.count : found,
      isEnding: begun !== '',
      isNewline: token === '\n',
    };
  };
  const lexer = new Lexer(text, language);
  let place = 0;
  let last = '\n';
  while (lexer.next()) {
    const { end, kind, start } = lexer;
    if (kind === tokenKinds.blank || kind === tokenKinds.comment) continue;
    const token = kind === tokenKinds.newline ? '\n' : text.slice(start, end);
    const isAgain = token === '\n' && last === '\n';
    last = token;
    if (isAgain || place++ % every !== 0) continue;
    const whole = sampleAt(start, token, '');
    if (whole !== undefined) yield whole;
    if (kind !== tokenKinds.word || token.length < shortestBegun) continue;
    const begun = sampleAt(start + typedLetters, token, token.slice(0, typedLetters));
    if (begun !== undefined) yield begun;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
