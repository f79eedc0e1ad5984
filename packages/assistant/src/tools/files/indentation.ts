/**
 * How lines have to be indented anew, told by lines as a model wrote them and the same lines as the
 * file has them. Undefined where no one rule makes the ones of the others.
 */
export function reindentation(
  written: readonly string[],
  actual: readonly string[],
): ((line: string) => string) | undefined {
  const pairs = new Map<string, string>();
  for (const [index, line] of written.entries()) {
    if (line.trim() === '') continue;
    const own = indentOf(line);
    const other = indentOf(actual[index] ?? '');
    if ((pairs.get(own) ?? other) !== other) return undefined;
    pairs.set(own, other);
  }
  const shift = added(pairs) ?? removed(pairs) ?? ((indent) => translated(indent, pairs));
  return (line) => {
    if (line.trim() === '') return line;
    const own = indentOf(line);
    return shift(own) + line.slice(own.length);
  };
}

/** The blanks and tabs before a line. */
function indentOf(line: string): string {
  return line.slice(0, line.length - line.trimStart().length);
}

type Shift = (indent: string) => string;

/** All lines stand deeper in the file by the same. */
function added(pairs: ReadonlyMap<string, string>): Shift | undefined {
  const [first] = pairs;
  if (first === undefined) return (indent) => indent;
  const [own, other] = first;
  if (!other.endsWith(own)) return undefined;
  const extra = other.slice(0, other.length - own.length);
  const isRule = [...pairs].every(([from, to]) => to === extra + from);
  return isRule ? (indent) => extra + indent : undefined;
}

/** All lines stand less deep in the file by the same. */
function removed(pairs: ReadonlyMap<string, string>): Shift | undefined {
  const reversed = new Map([...pairs].map(([from, to]) => [to, from]));
  if (reversed.size !== pairs.size) return undefined;
  const deeper = added(reversed);
  if (deeper === undefined) return undefined;
  const extra = deeper('');
  return (indent) => (indent.startsWith(extra) ? indent.slice(extra.length) : '');
}

/** The file has tabs where blanks were written, or the like: the deepest known indent, then the rest. */
function translated(indent: string, pairs: ReadonlyMap<string, string>): string {
  const known = [...pairs.keys()]
    .filter((own) => own !== '' && indent.startsWith(own))
    .sort((one, other) => other.length - one.length)[0];
  if (known === undefined) return indent;
  return (pairs.get(known) ?? '') + translated(indent.slice(known.length), pairs);
}
