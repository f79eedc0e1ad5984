import { addCodeTokens, CodeTokens, gaps } from './code-tokens.ts';
import { languageOf } from './languages.ts';
import { Segment, type SegmentFile } from './segment.ts';
import type { Slices } from './slices.ts';
import { Brackets, Surroundings } from './surroundings.ts';
import { TokenShapes } from './token-shapes.ts';
import { specialTokens, Vocabulary } from './vocabulary.ts';

/** Small segments, of changed files, before they become one. */
const maxSmallSegments = 4;
const smallSegmentTokens = 1 << 17;

/** Files of one family on their way to a segment. */
export interface SegmentDraft {
  readonly family: string;
  readonly tokens: CodeTokens;
  readonly files: SegmentFile[];
  /** Of each file, when it was read: what changed since is old. */
  readonly versions: number[];
}

/** Where a file's tokens are. */
interface FilePlace {
  readonly segment: Segment;
  readonly file: number;
}

/**
 * The files of a project as sorted segments, by language family. A segment never changes: a file that
 * does dies in its own and comes in a new one; small and half dead ones are put together.
 */
export class SegmentStore {
  readonly vocabulary = new Vocabulary();
  readonly shapes = new TokenShapes(this.vocabulary);
  readonly #brackets = new Brackets(this.vocabulary);
  readonly #families = new Map<string, Segment[]>();
  readonly #places = new Map<string, FilePlace>();
  /** How often a file was forgotten since the last `endVersions`. */
  readonly #versions = new Map<string, number>();
  #hasViews = true;
  #tokens = 0;

  get files(): number {
    return this.#places.size;
  }

  /** Of living files. */
  get tokens(): number {
    return this.#tokens;
  }

  get bytes(): number {
    const own = this.vocabulary.bytes + this.#places.size * 150;
    return this.#all().reduce((sum, { bytes }) => sum + bytes, own);
  }

  /** False: the memory of views was given back. */
  get hasViews(): boolean {
    return this.#hasViews;
  }

  /** Gives the memory of views back, which is most of all. */
  dropViews(): void {
    this.#hasViews = false;
    for (const segment of this.#all()) segment.views = undefined;
  }

  /** Has the views look at all again. */
  async restoreViews(slices: Slices): Promise<void> {
    this.#hasViews = true;
    for (const segment of this.#all()) {
      if (this.#hasViews) await slices.run(segment.look(() => this.fileStart()));
    }
  }

  /** What surrounds the first token of a file. */
  fileStart(): Surroundings {
    return new Surroundings(this.shapes, this.#brackets);
  }

  segmentsOf(family: string): readonly Segment[] {
    return this.#families.get(family) ?? [];
  }

  /** What was learned of the file, or is on its way, is not used any more. */
  forget(path: string): void {
    this.#versions.set(path, this.versionOf(path) + 1);
    const place = this.#places.get(path);
    if (place === undefined) return;
    this.#tokens -= place.segment.kill(place.file);
    this.#places.delete(path);
  }

  /** Grows with each `forget`: a text that was asked for at an earlier version is old. */
  versionOf(path: string): number {
    return this.#versions.get(path) ?? 0;
  }

  /** No draft is under way: none has to be told from an older one. */
  endVersions(): void {
    this.#versions.clear();
  }

  /** Adds a file to the draft of its family, a new one where there is none. */
  draft(drafts: Map<string, SegmentDraft>, path: string, text: string, version: number): void {
    const language = languageOf(path);
    if (language === undefined) return;
    const { family } = language;
    const draft = drafts.get(family) ?? newDraft(family);
    drafts.set(family, draft);
    const { files, tokens, versions } = draft;
    const start = tokens.length;
    files.push({ path, start });
    versions.push(version);
    tokens.push(specialTokens.fileStart, gaps.none);
    addCodeTokens(tokens, text, language, this.vocabulary);
    this.vocabulary.countUses(tokens.ids, start + 1, tokens.length);
  }

  /** Makes a draft a segment, without what changed since or was learned in the meantime. */
  async seal(draft: SegmentDraft, slices: Slices): Promise<void> {
    if (draft.files.length === 0) return;
    const segment = await slices.run(this.#build(draft));
    for (const [file, { path }] of draft.files.entries()) {
      const isOld = this.versionOf(path) !== draft.versions[file] || this.#places.has(path);
      if (isOld) segment.kill(file);
      else this.#places.set(path, { segment, file });
    }
    this.#tokens += segment.liveTokens;
    this.#families.set(draft.family, [...this.segmentsOf(draft.family), segment]);
  }

  /** Puts small and half dead segments of a family together, where there are too many. */
  async compact(family: string, slices: Slices): Promise<void> {
    const all = this.segmentsOf(family);
    const isSmall = ({ liveTokens }: Segment) => liveTokens < smallSegmentTokens;
    const isHalfDead = ({ deadTokens, liveTokens }: Segment) => deadTokens > liveTokens;
    const isDue = all.filter(isSmall).length > maxSmallSegments || all.some(isHalfDead);
    if (!isDue) return;
    const old = new Set(all.filter((segment) => isSmall(segment) || isHalfDead(segment)));
    const draft = newDraft(family);
    for (const segment of old) {
      this.#copyLiving(segment, draft);
      await slices.breathe();
    }
    const merged = await slices.run(this.#build(draft));
    for (const [file, { path }] of draft.files.entries()) {
      if (this.versionOf(path) !== draft.versions[file]) merged.kill(file);
      else this.#places.set(path, { segment: merged, file });
    }
    const kept = this.segmentsOf(family).filter((segment) => !old.has(segment));
    this.#families.set(family, merged.liveTokens > 0 ? [...kept, merged] : kept);
  }

  *#build(draft: SegmentDraft): Generator<void, Segment> {
    const segment = yield* Segment.build(draft, this.vocabulary.size);
    if (this.#hasViews) yield* segment.look(() => this.fileStart());
    return segment;
  }

  #all(): Segment[] {
    return [...this.#families.values()].flat();
  }

  #copyLiving(segment: Segment, draft: SegmentDraft): void {
    for (const [file, { path, start }] of segment.files.entries()) {
      if (segment.isDead[file] === 1) continue;
      draft.files.push({ path, start: draft.tokens.length });
      draft.versions.push(this.versionOf(path));
      for (let place = start; place < segment.endOf(file); place++) {
        draft.tokens.push(segment.tokens[place] as number, segment.gaps[place] as number);
      }
    }
  }
}

function newDraft(family: string): SegmentDraft {
  return { family, tokens: new CodeTokens(), files: [], versions: [] };
}
