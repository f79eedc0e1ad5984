import { sameLength, sharedStart } from './shared-text.ts';

/** Changes that are remembered of a project. */
const maxEdits = 8;
/** Longest piece of a change, in characters. */
const maxEditCharacters = 600;
/** Documents of which the text is remembered, to see what changes. */
const maxDocuments = 16;
/** Longer documents are not compared. */
const maxComparedCharacters = 256 * 1024;
/** A change of fewer characters is typing at the cursor, which the document shows anyway. */
const minEditCharacters = 12;

/** A place that was changed not long ago, as it reads now. */
export interface RecentEdit {
  readonly filePath: string;
  readonly text: string;
}

/** What was changed last in the documents of one project, learned from their texts as they come. */
export class RecentEdits {
  readonly #texts = new Map<string, string>();
  readonly #edits: RecentEdit[] = [];

  /** A document is this now. */
  note(filePath: string, text: string): void {
    if (text.length > maxComparedCharacters) return;
    const before = this.#texts.get(filePath);
    this.#texts.delete(filePath);
    this.#texts.set(filePath, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > maxDocuments && oldest !== undefined) this.#texts.delete(oldest);
    if (before === undefined || before === text) return;
    const edit = changed(before, text);
    if (edit === undefined) return;
    const same = this.#edits.findIndex(
      (each) => each.filePath === filePath && overlaps(each.text, edit),
    );
    if (same >= 0) this.#edits.splice(same, 1);
    this.#edits.unshift({ filePath, text: edit });
    this.#edits.length = Math.min(this.#edits.length, maxEdits);
  }

  /** In other documents, the newest first. */
  except(filePath: string): readonly RecentEdit[] {
    return this.#edits.filter((edit) => edit.filePath !== filePath);
  }
}

/** The lines that differ, of what the text is now. */
function changed(before: string, after: string): string | undefined {
  const shorter = Math.min(before.length, after.length);
  const from = sharedStart(before, after);
  const tail = sameLength(shorter - from, (at, length) => {
    const ends = [before.length - at, after.length - at] as const;
    return before.slice(ends[0] - length, ends[0]) === after.slice(ends[1] - length, ends[1]);
  });
  const size = after.length - tail - from;
  const start = after.lastIndexOf('\n', from - 1) + 1;
  const next = after.indexOf('\n', after.length - tail);
  const lines = after.slice(start, next < 0 ? after.length : next).slice(0, maxEditCharacters);
  return size < minEditCharacters && lines.trim().length < minEditCharacters ? undefined : lines;
}

/** One goes on with the other, as somebody types on. */
function overlaps(one: string, other: string): boolean {
  return other.startsWith(one) || one.startsWith(other);
}
