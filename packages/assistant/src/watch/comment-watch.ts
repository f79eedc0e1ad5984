import type { Project } from '../project/project.ts';
import { maxSourceBytes } from '../project-index/read-file-symbols.ts';
import { runRipgrep } from '../tools/search/run-ripgrep.ts';
import type { FileDiff } from '../tools/tool.ts';
import type { AiComment } from './ai-comment.ts';
import { CommentFinder } from './comment-finder.ts';
import { commentInstruction } from './comment-instruction.ts';
import { FileChanges, type FileChangesOptions } from './file-changes.ts';
import { countTexts, HandledComments, without } from './handled-comments.ts';
import { indexedText } from './indexed-text.ts';
import { readWatchedFile } from './read-watched-file.ts';
import { isWritten, writtenLines } from './written-comments.ts';

export interface CommentWatchOptions
  extends Pick<FileChangesOptions, 'watches' | 'quietMs' | 'pollMs' | 'onLimit'> {
  readonly project: Project;
  /** Of this process: git is found by its `PATH`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Comments without a sign came: they wait for one that has it. */
  readonly onNoted: (comments: readonly AiComment[]) => void;
}

/** What comments ask for: `do` where one of them has `AI!`, else `ask`. */
export interface CommentTask {
  readonly kind: 'do' | 'ask';
  readonly comments: readonly AiComment[];
  /** For an agent or a chat, as words of the user. */
  readonly instruction: string;
}

/** What became of a task. */
export interface TaskOutcome {
  /** False: it failed or was stopped, and is taken up again when one of its files is saved. */
  readonly isDone: boolean;
  /** All that the run has changed in files. */
  readonly changes: readonly Pick<FileDiff, 'path' | 'diff'>[];
}

/** What stands in files after a task. */
export interface SettledTask {
  /** Comments that should be gone; they are no commands until they change. */
  readonly left: readonly AiComment[];
  /** Comments that the run has written itself; they are no commands either. */
  readonly written: readonly AiComment[];
}

/**
 * Watches a project for comments that speak to the assistant (`AI!`, `AI?`, `AI`). One is a command when its
 * file is saved; those that git already has in its index are none, since they came with a commit. What
 * happens in files during a run is looked at by `settle`, so that no run is caused by another.
 */
export class CommentWatch implements Disposable {
  readonly #options: CommentWatchOptions;
  readonly #changes: FileChanges;
  readonly #finder = new CommentFinder();
  readonly #handled = new HandledComments();
  /** Those without a sign that `onNoted` was told of. */
  readonly #noted = new HandledComments();
  readonly #stamps = new Map<string, string>();
  /** All that stand in a file, and those of them that are commands or may belong to one. */
  readonly #found = new Map<string, readonly AiComment[]>();
  readonly #live = new Map<string, readonly AiComment[]>();
  readonly #texts = new Map<string, string>();
  /** Saved while a task was worked on. */
  #queued: readonly string[] = [];

  private constructor(options: CommentWatchOptions, changes: FileChanges) {
    this.#options = options;
    this.#changes = changes;
  }

  /** Throws `canceled`, and `unavailable` where the files of the project cannot be listed. */
  static async open(options: CommentWatchOptions, signal: AbortSignal): Promise<CommentWatch> {
    const { environment, project, ...others } = options;
    const { root } = project;
    const path = { PATH: environment.PATH ?? '' };
    const changes = await FileChanges.open({ ...others, root, environment: path }, signal);
    const watch = new CommentWatch(options, changes);
    await watch.#lookAtAll(signal);
    return watch;
  }

  /** Files of the project. */
  get fileCount(): number {
    return this.#changes.paths.length;
  }

  /** Comments with `AI!` or `AI?` that are no commands yet: their files were not saved since they were seen. */
  get waiting(): readonly AiComment[] {
    return [...this.#live.values()].flat().filter(({ kind }) => kind !== 'note');
  }

  /** Waits for the next task. Throws `canceled`. */
  async next(signal: AbortSignal): Promise<CommentTask> {
    let paths = this.#queued;
    this.#queued = [];
    for (;;) {
      const task = this.#taskOf(paths);
      if (task !== undefined) return task;
      this.#note(paths);
      paths = await this.#look(await this.#changes.next(signal), signal);
    }
  }

  /** Has to be told of each task before `next` is asked again. Throws `canceled`. */
  async settle(
    { comments, kind }: CommentTask,
    { changes, isDone }: TaskOutcome,
    signal: AbortSignal,
  ): Promise<SettledTask> {
    if (isDone) for (const comment of comments) this.#handled.add(comment);
    const lines = writtenLines(changes);
    const own = new Set([...comments.map(({ path }) => path), ...lines.keys()]);
    const saved = await this.#changes.gathered(signal);
    const looked = await this.#look([...new Set([...own, ...saved])], signal);
    const isNew = (comment: AiComment) => !comments.some((known) => isSame(known, comment));
    const changed = this.#commentsOf(lines.keys()).filter(isNew);
    const written = changed.filter((comment) => isWritten(comment, lines));
    for (const comment of written) this.#handled.add(comment);
    for (const path of lines.keys()) this.#sift(path);
    this.#queued = looked.filter((path) => this.#live.get(path)?.some(isNew));
    const left = isDone && kind === 'do' ? comments.filter((each) => this.#isThere(each)) : [];
    return { left, written };
  }

  [Symbol.dispose](): void {
    this.#changes[Symbol.dispose]();
  }

  async #lookAtAll(signal: AbortSignal): Promise<void> {
    const { root } = this.#options.project;
    const { lines } = await runRipgrep([...naming, '.'], { cwd: root, signal });
    const known = new Set(this.#changes.paths);
    const paths = lines.map((line) => line.replace(/^\.\//, ''));
    await this.#look(
      paths.filter((path) => known.has(path)),
      signal,
    );
  }

  /** Those of the files that were saved since they were last looked at, with the comments in them taken in. */
  async #look(paths: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const saved: string[] = [];
    for (const path of paths) {
      if (isEditorsOwn(path)) continue;
      const file = await readWatchedFile(this.#options.project.root, path);
      if (file === undefined) {
        // What an editor puts back in a moment must not be a command again: what is handled stays so.
        this.#forget(path);
        continue;
      }
      const isSaved = this.#stamps.get(path) !== file.stamp;
      if (isSaved) {
        await this.#take(path, file.text, signal);
        this.#stamps.set(path, file.stamp);
        saved.push(path);
      } else this.#sift(path);
    }
    return saved;
  }

  async #take(path: string, text: string, signal: AbortSignal): Promise<void> {
    const found = await this.#finder.find(path, text);
    this.#handled.keep(path, found);
    this.#noted.keep(path, found);
    this.#forget(path);
    if (found.length === 0) return;
    const fresh = this.#handled.others(path, found);
    const kept = fresh.length === 0 ? [] : await this.#keptComments(path, signal);
    this.#found.set(path, without(found, countTexts(kept)));
    this.#texts.set(path, text);
    this.#sift(path);
  }

  #sift(path: string): void {
    const live = this.#handled.others(path, this.#found.get(path) ?? []);
    if (live.length > 0) this.#live.set(path, live);
    else this.#live.delete(path);
  }

  #forget(path: string): void {
    for (const map of [this.#found, this.#live, this.#texts, this.#stamps]) map.delete(path);
  }

  /** Comments that git has in its index: of a commit, of another branch, or put there on purpose. */
  async #keptComments(path: string, signal: AbortSignal): Promise<readonly AiComment[]> {
    const { environment, project } = this.#options;
    const place = { root: project.root, environment: { PATH: environment.PATH ?? '' } };
    const text = await indexedText(path, place, signal);
    return text === undefined ? [] : await this.#finder.find(path, text);
  }

  #note(paths: readonly string[]): void {
    const live = (path: string) => this.#live.get(path) ?? [];
    const fresh = paths.flatMap((path) => this.#noted.others(path, live(path)));
    for (const comment of fresh) this.#noted.add(comment);
    if (fresh.length > 0) this.#options.onNoted(fresh);
  }

  /** Undefined where no command stands in these files. */
  #taskOf(paths: readonly string[]): CommentTask | undefined {
    const fresh = this.#commentsOf(paths);
    const kind = fresh.some((comment) => comment.kind === 'do') ? 'do' : 'ask';
    if (!fresh.some((comment) => comment.kind === kind)) return undefined;
    const all = [...this.#live.values()].flat();
    const comments = kind === 'do' ? all : all.filter((comment) => comment.kind !== 'do');
    const textOf = (path: string): string => this.#texts.get(path) ?? '';
    return { kind, comments, instruction: commentInstruction(comments, textOf) };
  }

  #commentsOf(paths: Iterable<string>): readonly AiComment[] {
    return [...paths].flatMap((path) => this.#live.get(path) ?? []);
  }

  #isThere(comment: AiComment): boolean {
    return this.#found.get(comment.path)?.some((each) => isSame(each, comment)) === true;
  }
}

/** What ripgrep is asked for files that may have such a comment. */
const naming = [
  '--files-with-matches',
  '--ignore-case',
  '--word-regexp',
  '--hidden',
  `--max-filesize=${maxSourceBytes}`,
  '--glob=!.git',
  '--regexp=ai',
];

function isSame(one: AiComment, other: AiComment): boolean {
  return one.path === other.path && one.text === other.text;
}

/** Copies that editors make beside the file that they save. */
function isEditorsOwn(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /~$|^#.*#$|^\.#|\.(?:sw[a-p]|swx|tmp|bak|orig|rej)$|___jb_(?:tmp|old)___$/.test(name);
}
