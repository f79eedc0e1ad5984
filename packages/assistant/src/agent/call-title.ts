/** Arguments that say best what a call is about, the best first. */
const telling = [
  'path',
  'file_path',
  'command',
  'pattern',
  'query',
  'url',
  'description',
  'prompt',
  'name',
];
/** In characters. */
const maxTitleLength = 100;

/** A call in one line for people: `read_file src/a.ts`. */
export function callTitle(name: string, input: Readonly<Record<string, unknown>>): string {
  const subject = telling.map((key) => input[key]).find((value) => typeof value === 'string');
  const title = subject === undefined ? name : `${name} ${subject}`;
  const line = title.replace(/\s+/g, ' ').trim();
  return line.length <= maxTitleLength ? line : `${line.slice(0, maxTitleLength - 1)}…`;
}
