import { isWorthLearning, listProjectFiles, maxProjectFiles } from './project-files.ts';
import { isLearnable, readChanged, readSource } from './read-source.ts';
import type { Segment } from './segment.ts';
import { type SegmentDraft, SegmentStore } from './segment-store.ts';
import { Slices } from './slices.ts';
import type { Surroundings } from './surroundings.ts';
import type { TokenShapes } from './token-shapes.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Tokens that are learned of a project; files beyond are left out. */
const maxProjectTokens = 3_000_000;

/** Tokens of one segment: a prediction asks each, and one this large is sorted in some 0.3 s. */
const segmentTokens = 1 << 19;

/** The first segment of a family is a small one, so that something is known soon. */
const firstSegmentTokens = 1 << 15;

/** Files that are read at once. */
const readsAtOnce = 16;

/** UTF-16 units of changed texts that wait; a text beyond is read from the file again. */
const maxWaitingCharacters = 16 * 1_048_576;

/** What an index holds. */
export interface LearnedStatus {
  readonly files: number;
  readonly tokens: number;
  /** False while the project is read for the first time. */
  readonly isWhole: boolean;
  /** The limit for which some of the project was left out. */
  readonly limit?: 'maxProjectFiles' | 'maxProjectTokens';
}

export interface LearnedProjectOptions {
  /** Absolute, links resolved. */
  readonly root: string;
  /** Of the programs that list files: its `PATH` leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What a project's files teach, read in the background, and kept as they change. */
export class LearnedProject {
  readonly #options: LearnedProjectOptions;
  readonly #signal: AbortSignal;
  readonly #store = new SegmentStore();
  /** Changed files that are not learned yet; where there is no text it is read. */
  readonly #changes = new Map<string, string | undefined>();
  #waitingCharacters = 0;
  #work: Promise<void> | undefined;
  #isWhole = false;
  #limit: LearnedStatus['limit'];

  constructor(options: LearnedProjectOptions) {
    this.#options = options;
    this.#signal = options.signal;
  }

  get vocabulary(): Vocabulary {
    return this.#store.vocabulary;
  }

  get shapes(): TokenShapes {
    return this.#store.shapes;
  }

  /** Most of the memory can be given back for a while: it answers less well, and from less. */
  get hasViews(): boolean {
    return this.#store.hasViews;
  }

  dropViews(): void {
    this.#store.dropViews();
  }

  /** Throws the signal's reason when it is aborted. */
  async restoreViews(): Promise<void> {
    await this.#store.restoreViews(new Slices(this.#signal));
  }

  /** What surrounds the first token of a file. */
  fileStart(): Surroundings {
    return this.#store.fileStart();
  }

  get bytes(): number {
    return this.#store.bytes + this.#waitingCharacters * 2;
  }

  get status(): LearnedStatus {
    const { files, tokens } = this.#store;
    const limit = this.#limit === undefined ? {} : { limit: this.#limit };
    return { files, tokens, isWhole: this.#isWhole, ...limit };
  }

  segmentsOf(family: string): readonly Segment[] {
    return this.#store.segmentsOf(family);
  }

  /** Reads the project. Throws when its files cannot be listed, or the signal is aborted. */
  async readAll(): Promise<void> {
    const slices = new Slices(this.#signal);
    const { environment, root } = this.#options;
    const { isCut, paths } = await listProjectFiles(root, environment, this.#signal);
    if (isCut) this.#limit = 'maxProjectFiles';
    const drafts = new Map<string, SegmentDraft>();
    let drafted = 0;
    for (let at = 0; at < paths.length; at += readsAtOnce) {
      if (this.#store.tokens + drafted >= maxProjectTokens) {
        this.#limit = 'maxProjectTokens';
        break;
      }
      await this.#draft(drafts, paths.slice(at, at + readsAtOnce), slices, readSource);
      for (const draft of drafts.values()) {
        const isFirst = this.segmentsOf(draft.family).length === 0;
        if (draft.tokens.length < (isFirst ? firstSegmentTokens : segmentTokens)) continue;
        drafts.delete(draft.family);
        await this.#store.seal(draft, slices);
      }
      drafted = [...drafts.values()].reduce((sum, { tokens }) => sum + tokens.length, 0);
    }
    for (const draft of drafts.values()) await this.#store.seal(draft, slices);
    this.#isWhole = true;
    if (this.#work === undefined) this.#store.endVersions();
  }

  /** A file is new or has changed, to `text`, or to what is read from it. Learned soon. */
  update(path: string, text?: string): void {
    if (this.#signal.aborted || !isWorthLearning(path)) return;
    this.#forget(path);
    const { files, tokens } = this.#store;
    if (files + this.#changes.size >= maxProjectFiles || tokens >= maxProjectTokens) return;
    const isKept = text !== undefined && this.#waitingCharacters < maxWaitingCharacters;
    this.#changes.set(path, isKept ? text : undefined);
    if (isKept) this.#waitingCharacters += text.length;
    if (this.#work !== undefined) return;
    this.#work = this.#learnChanges().finally(() => {
      this.#work = undefined;
    });
    // Told to who waits until it is settled.
    this.#work.catch(() => {});
  }

  /** A file is gone. */
  remove(path: string): void {
    if (isWorthLearning(path)) this.#forget(path);
  }

  /** Waits until all changes are learned. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  #forget(path: string): void {
    this.#store.forget(path);
    this.#waitingCharacters -= this.#changes.get(path)?.length ?? 0;
    this.#changes.delete(path);
  }

  async #learnChanges(): Promise<void> {
    // Changes that come together are learned together.
    await Promise.resolve();
    const slices = new Slices(this.#signal);
    try {
      while (this.#changes.size > 0) await this.#learnSome(slices);
      if (this.#isWhole) this.#store.endVersions();
    } catch (error) {
      // When the project is given up, so is this.
      if (!this.#signal.aborted) throw error;
    }
  }

  async #learnSome(slices: Slices): Promise<void> {
    const drafts = new Map<string, SegmentDraft>();
    for (const [path, text] of [...this.#changes].slice(0, readsAtOnce)) {
      this.#waitingCharacters -= text?.length ?? 0;
      this.#changes.delete(path);
      if (text === undefined) await this.#draft(drafts, [path], slices, readChanged);
      else if (isLearnable(path, text)) {
        this.#store.draft(drafts, path, text, this.#store.versionOf(path));
      }
      await slices.breathe();
    }
    for (const draft of drafts.values()) {
      await this.#store.seal(draft, slices);
      await this.#store.compact(draft.family, slices);
    }
  }

  async #draft(
    drafts: Map<string, SegmentDraft>,
    paths: readonly string[],
    slices: Slices,
    read: typeof readSource,
  ): Promise<void> {
    const versions = paths.map((path) => this.#store.versionOf(path));
    const texts = await Promise.all(paths.map((path) => read(this.#options.root, path)));
    for (const [i, path] of paths.entries()) {
      const text = texts[i];
      if (text !== undefined) this.#store.draft(drafts, path, text, versions[i] ?? 0);
      await slices.breathe();
    }
  }
}
