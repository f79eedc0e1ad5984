/**
 * A text in which code, fenced or between backticks in a line, is blanks: as long as it was, so that
 * places stay. As CommonMark has it, but that code in a line does not go on in the next. Linear.
 */
export function blankCode(markdown: string): string {
  let fence: string | undefined;
  return markdown
    .split('\n')
    .map((line) => {
      const [, mark] = /^[ \t]*(`{3,}|~{3,})/.exec(line) ?? [];
      if (fence === undefined) {
        if (mark === undefined) return blankInline(line);
        fence = mark;
      } else if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
      return ' '.repeat(line.length);
    })
    .join('\n');
}

function blankInline(line: string): string {
  const runs = [...line.matchAll(/`+/g)].map(({ 0: { length }, index }) => ({ length, index }));
  if (runs.length < 2) return line;
  const closers = closersOf(runs);
  let shown = '';
  let from = 0;
  for (let at = 0; at < runs.length; at++) {
    const closer = closers[at];
    const [open, close] = [runs[at], closer === undefined ? undefined : runs[closer]];
    if (open === undefined || close === undefined || closer === undefined) continue;
    const end = close.index + close.length;
    shown += line.slice(from, open.index) + ' '.repeat(end - open.index);
    from = end;
    at = closer;
  }
  return shown + line.slice(from);
}

/** For each run of backticks the next one that is as long. */
function closersOf(runs: readonly { readonly length: number }[]): (number | undefined)[] {
  const next = new Map<number, number>();
  const closers: (number | undefined)[] = [];
  for (let at = runs.length - 1; at >= 0; at--) {
    const length = runs[at]?.length ?? 0;
    closers[at] = next.get(length);
    next.set(length, at);
  }
  return closers;
}
