import { isAbsolute, relative, sep } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { languageOf, unknownLanguage } from './languages.ts';
import { LearnedProject, type LearnedStatus } from './learned-project.ts';
import { levelsFrom } from './nearness.ts';
import { OpenFile } from './open-file.ts';
import { Predictor, type RankedSegment } from './predictor.ts';
import { Ranker } from './ranker.ts';
import type { Segment } from './segment.ts';
import { type LocalSuggestion, maxSuggestions, suggest } from './suggest.ts';

/** Files of a project that are held as they are being written. */
const maxOpenFiles = 8;

/** Below this a suggestion is wrong more often than right, and is not shown. */
const silentBelow = 0.5;

export interface LocalCompleterOptions {
  /** Of the project: absolute, links resolved. */
  readonly root: string;
  /** Of the programs that list its files: the `PATH` leads to git. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface LocalCompletionRequest {
  /** Of the file: absolute, or relative to the project's root. It need not exist. */
  readonly path: string;
  /** As editors name it (`typescript`); else the path's extension tells. */
  readonly language?: string;
  /** The text before the cursor and behind it, all of it or as much as is there. */
  readonly prefix: string;
  readonly suffix: string;
  /** Suggestions at most: 1 to 10, by default 10. */
  readonly limit?: number;
  /** Nothing less sure is given: 0 to 1, by default 0.5. */
  readonly minConfidence?: number;
}

export interface LocalCompletion {
  /** The most confident first; empty where it is better to be silent. */
  readonly suggestions: readonly LocalSuggestion[];
  /** False while the project is still being read: more will be known soon. */
  readonly isWhole: boolean;
}

/**
 * Completes code from what the project and the open file hold already, without a model: in under a
 * millisecond as a rule, and offline. It answers at once, from the open file alone if need be, while the
 * project is read in the background.
 */
export class LocalCompleter {
  readonly root: string;
  readonly #project: LearnedProject;
  readonly #abort = new AbortController();
  readonly #ranker: Ranker;
  /** The one used last stands last. */
  readonly #openFiles = new Map<string, WrittenFile>();
  readonly #reading: Promise<void>;
  #restoring: Promise<void> | undefined;

  private constructor({ environment, root }: LocalCompleterOptions) {
    this.root = root;
    this.#project = new LearnedProject({ root, environment, signal: this.#abort.signal });
    const { shapes, vocabulary } = this.#project;
    this.#ranker = new Ranker(new Predictor(), vocabulary, shapes);
    this.#reading = this.#project.readAll();
    // Told to who waits for `ready`; without one a project that cannot be read is an empty one.
    this.#reading.catch(() => {});
  }

  /** Begins to read the project. */
  static open(options: LocalCompleterOptions): LocalCompleter {
    return new LocalCompleter(options);
  }

  /** Memory held, about. */
  get bytes(): number {
    let sum = this.#project.bytes;
    for (const { file } of this.#openFiles.values()) sum += file.bytes;
    return sum;
  }

  get status(): LearnedStatus {
    return this.#project.status;
  }

  /** False: it lives on a fourth of the memory, and answers less well. */
  get isFull(): boolean {
    return this.#project.hasViews;
  }

  /** Gives three fourths of its memory back, until `fill`. */
  thin(): void {
    this.#project.dropViews();
  }

  /** Takes its memory again, in the background. Throws `canceled` when disposed. */
  async fill(): Promise<void> {
    if (this.isFull) return;
    this.#restoring = this.#project.restoreViews();
    await this.#restoring;
  }

  /**
   * Waits until the project is read and all changes told so far are learned. Throws `unavailable` where
   * its files cannot be listed: it completes from the open file alone then; and `canceled` when disposed.
   */
  async ready(): Promise<void> {
    await this.#reading;
    await this.#project.settled();
  }

  /** What may be typed at the cursor. Never throws for what the text is. */
  complete(request: LocalCompletionRequest): LocalCompletion {
    const { minConfidence = silentBelow, prefix, suffix } = request;
    const limit = Math.min(maxSuggestions, Math.max(1, request.limit ?? maxSuggestions));
    const written = this.#written(request);
    const cursor = written.file.moveTo(prefix, suffix);
    const { isWhole } = this.#project.status;
    if (cursor === undefined || this.#abort.signal.aborted) return { suggestions: [], isWhole };
    const suggestions = suggest({
      ranker: this.#ranker,
      vocabulary: this.#project.vocabulary,
      file: written.file,
      segments: this.#ranked(written),
      cursor,
      suffix,
      limit,
    });
    return {
      suggestions: suggestions.filter(({ confidence }) => confidence >= minConfidence),
      isWhole,
    };
  }

  /** A file is new or has changed: to `text`, else to what is on disk. Nothing for one outside. */
  update(path: string, text?: string): void {
    this.#project.update(this.#relative(path), text);
  }

  /** A file is gone, or has another name: `update` tells the new one. */
  remove(path: string): void {
    this.#project.remove(this.#relative(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new RpcError('canceled', `${this.root}: its completer was closed`));
    this.#openFiles.clear();
    await this.#reading.catch(() => {});
    await this.#project.settled();
    await this.#restoring?.catch(() => {});
  }

  #written({ language: name, path: given }: LocalCompletionRequest): WrittenFile {
    const path = this.#relative(given);
    const language = languageOf(path, name) ?? unknownLanguage;
    const known = this.#openFiles.get(path);
    this.#openFiles.delete(path);
    const isSame = known !== undefined && known.file.language.family === language.family;
    const project = this.#project;
    const file = isSame
      ? known.file
      : new OpenFile(path, language, project.vocabulary, () => project.fileStart());
    const written: WrittenFile = isSame ? known : { file, levels: new WeakMap() };
    this.#openFiles.set(path, written);
    const [oldest] = this.#openFiles.keys();
    if (this.#openFiles.size > maxOpenFiles && oldest !== undefined) this.#openFiles.delete(oldest);
    return written;
  }

  #ranked({ file, levels }: WrittenFile): RankedSegment[] {
    return this.#project.segmentsOf(file.language.family).map((segment) => {
      const known = levels.get(segment) ?? levelsFrom(file.path, segment);
      levels.set(segment, known);
      return { segment, levels: known };
    });
  }

  /** With slashes, as git lists it. */
  #relative(path: string): string {
    const found = isAbsolute(path) ? relative(this.root, path) : path;
    return sep === '/' ? found : found.replaceAll(sep, '/');
  }
}

interface WrittenFile {
  readonly file: OpenFile;
  /** How near the files of each segment are to this one. */
  readonly levels: WeakMap<Segment, Uint8Array>;
}
