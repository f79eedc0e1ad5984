import { type AiComment, commentMarks, showComment } from './ai-comment.ts';

/** Lines shown before and after each comment. */
const linesAround = 6;
/** Of a line that is shown, in characters. */
const maxLineLength = 300;
/** Comments that are shown with their lines; of more, the places only. */
const maxExcerpts = 30;

/**
 * What comments ask for, as the words of a user: their places, and the lines around them, from `textOf`.
 * At least one of them has a mark.
 */
export function commentInstruction(
  comments: readonly AiComment[],
  textOf: (path: string) => string,
): string {
  const kind = comments.some((comment) => comment.kind === 'do') ? 'do' : 'ask';
  const first = comments.find((comment) => comment.kind === kind);
  const places = comments.map((comment, index) => {
    const shown = index < maxExcerpts ? `\n\n${excerpt(comment, textOf(comment.path))}` : '';
    return `${placeOf(comment)}, marked ${commentMarks[comment.kind]}:${shown}`;
  });
  const title = first === undefined ? '' : showComment(first);
  return [title, kind === 'do' ? howToDo : howToAnswer, ...places].join('\n\n');
}

const howToDo = `I have written the comments below into the code, for you. Those marked AI! say what to do: do it. Those marked AI? are questions: answer them in your last message. Those marked AI belong to the others, and say more of what I want.
Remove all of these comments as part of the work, but not the code beside them, and write no comments of this kind of your own.`;

const howToAnswer = `I have written the comments below into the code, for you. Those marked AI? are questions: answer them. Those marked AI belong to the questions. Change nothing.`;

function placeOf({ endLine, line, path }: AiComment): string {
  return endLine > line ? `${path}:${line}-${endLine}` : `${path}:${line}`;
}

/** In a fence, so that nothing in the code is taken for a mention. */
function excerpt({ endLine, line }: AiComment, text: string): string {
  const lines = text.split(/\r?\n/);
  const from = Math.max(1, line - linesAround);
  const to = Math.min(lines.length, endLine + linesAround);
  const width = String(to).length;
  const shown = lines.slice(from - 1, to).map((each, index) => {
    const number = from + index;
    const sign = number >= line && number <= endLine ? '>' : ' ';
    const cut = each.length > maxLineLength ? `${each.slice(0, maxLineLength)}…` : each;
    return `${sign} ${String(number).padStart(width)}  ${cut}`.trimEnd();
  });
  const body = shown.join('\n');
  const longest = Math.max(2, ...(body.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${body}\n${fence}`;
}
