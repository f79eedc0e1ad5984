/** What a comment asks for: `AI!` a change, `AI?` an answer, `AI` nothing yet. */
export type AiCommentKind = 'do' | 'ask' | 'note';

/** A comment of the project's code that speaks to the assistant. */
export interface AiComment {
  /** Relative to the project's root. */
  readonly path: string;
  /** Counted from 1. Line comments directly below each other are one comment. */
  readonly line: number;
  readonly endLine: number;
  readonly kind: AiCommentKind;
  /** What it says, line by line, without the signs that make it a comment. */
  readonly text: string;
}

/** How people write each kind. */
export const commentMarks: Readonly<Record<AiCommentKind, string>> = {
  do: 'AI!',
  ask: 'AI?',
  note: 'AI',
};

/**
 * What one line of a comment asks for; undefined where it does not speak to the assistant. `AI`, in any
 * case, has to be its first or last word: `AI-made` and `open.ai` are other words.
 */
export function kindOfLine(line: string): AiCommentKind | undefined {
  const found = /^ai([!?]?)(?=$|[\s:,]|\.\.)/i.exec(line) ?? /(?:^|\s)ai([!?]?)$/i.exec(line);
  if (found === null) return undefined;
  if (found[1] === '!') return 'do';
  return found[1] === '?' ? 'ask' : 'note';
}

/** `src/a.ts:3 AI! what it says`, on one line, for people. */
export function showComment({ kind, line, path, text }: AiComment): string {
  const words = text.replaceAll(/\s+/g, ' ').trim();
  const hasMark = words.split(' ').some((word) => word.toLowerCase() === markOf(kind));
  const shown = hasMark ? words : `${commentMarks[kind]} ${words}`;
  const cut = shown.length > maxShown ? `${shown.slice(0, maxShown)}…` : shown;
  return `${path}:${line} ${cut}`;
}

/** Of what a comment says, in characters. */
const maxShown = 100;

function markOf(kind: AiCommentKind): string {
  return commentMarks[kind].toLowerCase();
}
