/**
 * The head and the tail of a text, at ends of lines where there are some, and between them how much is
 * left out; the whole text where that would save little. Lengths are in UTF-16 units.
 */
export function cutText(text: string, headLength: number, tailLength: number): string {
  if (text.length <= headLength + tailLength + slack) return text;
  const head = wholeLines(text.slice(0, headLength));
  const tail = wholeEnd(text.slice(text.length - tailLength));
  const left = text.length - head.length - tail.length;
  return `${head}\n[… ${left} characters are cut here …]\n${tail}`;
}

/** What the note itself takes, and a little. */
const slack = 100;

function wholeLines(head: string): string {
  const end = head.lastIndexOf('\n');
  return end > head.length / 2 ? head.slice(0, end) : withoutHalf(head);
}

function wholeEnd(tail: string): string {
  const start = tail.indexOf('\n') + 1;
  return start > 0 && start < tail.length / 2 ? tail.slice(start) : withoutHalf(tail);
}

/** Surrogates that lost their other half would be no text any more. */
function withoutHalf(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]/, '').replace(/[\uD800-\uDBFF]$/, '');
}
