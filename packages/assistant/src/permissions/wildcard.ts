/**
 * True when `pattern`, in which `*` stands for any text, fits the whole of `text`. A star in the
 * pattern after a backslash is a plain one. Takes time in proportion to both lengths, never more.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const parts = splitPattern(pattern);
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts[parts.length - 1] ?? '';
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** The plain texts between the stars: one more than there are stars. */
export function splitPattern(pattern: string): string[] {
  const parts = [''];
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index] ?? '';
    if (char === '*') parts.push('');
    else {
      const isEscape = char === '\\' && '*\\'.includes(pattern[index + 1] ?? ' ');
      if (isEscape) index += 1;
      parts.push((parts.pop() ?? '') + (pattern[index] ?? ''));
    }
  }
  return parts;
}

/**
 * True when the pattern fits some text that `text` may turn out to be, where each `hole` (one
 * character) in it stands for any text. Texts over 2,000 characters may always.
 */
export function mayMatchWildcard(pattern: string, text: string, hole: string): boolean {
  const star = '\0star';
  const left = splitPattern(pattern).flatMap((part, at) =>
    at === 0 ? [...part] : [star, ...part],
  );
  const right = [...text].map((char) => (char === hole ? star : char));
  if (right.length > maxUnknownLength || left.length > maxUnknownLength) return true;
  // reach[j]: what is before here of the one may be what is before j of the other.
  let reach = [true];
  for (const [at, char] of right.entries()) reach[at + 1] = char === star && reach[at] === true;
  for (const char of left) {
    const next = [char === star && reach[0] === true];
    for (const [at, other] of right.entries()) {
      const skips = char === star || other === star;
      next[at + 1] = skips
        ? reach[at + 1] === true || next[at] === true
        : reach[at] === true && char === other;
    }
    reach = next;
  }
  return reach[right.length] === true;
}

const maxUnknownLength = 2_000;
