/** In characters. */
const maxTitleLength = 80;

/** A session's title: the first words of what was said, on one line. */
export function titleOf(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = [...line.slice(0, 4 * maxTitleLength)];
  if (characters.length <= maxTitleLength) return line;
  const start = characters.slice(0, maxTitleLength - 1).join('');
  const wordEnd = start.lastIndexOf(' ');
  return `${start.slice(0, wordEnd > start.length / 2 ? wordEnd : undefined)}…`;
}
