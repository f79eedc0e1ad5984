/** Where a top-level member of a JSON object stands in its text: from its key's quote to its value's end. */
export interface MemberSpan {
  key: string;
  keyStart: number;
  valueStart: number;
  valueEnd: number;
}

const quote = 34;
const backslash = 92;
const open = [123, 91];
const close = [125, 93];

/**
 * The top-level members of a JSON object, in order, without parsing their values. `text` must be
 * valid JSON (it went through `JSON.parse`). Strings are hopped over with `indexOf`, so that a long
 * prompt costs next to nothing.
 */
export function topLevelMembers(text: string): MemberSpan[] {
  const members: MemberSpan[] = [];
  let at = text.indexOf('{') + 1;
  for (;;) {
    const keyStart = text.indexOf('"', at);
    if (keyStart < 0) return members;
    const keyEnd = stringEnd(text, keyStart);
    const valueStart = skipSpace(text, text.indexOf(':', keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    const key = keyIn(text, keyStart, keyEnd);
    members.push({ key, keyStart, valueStart, valueEnd });
    at = skipSpace(text, valueEnd);
    if (text.charCodeAt(at) !== 44) return members;
    at++;
  }
}

/**
 * The same JSON text with some top-level members given new values and all other bytes as they
 * were. A member that stands more than once gets the new value everywhere, since readers differ in
 * which one counts; one that is missing is put first.
 */
export function spliceJson(text: string, changes: Readonly<Record<string, unknown>>): string {
  const missing = new Set(Object.keys(changes));
  let result = '';
  let copied = 0;
  for (const member of topLevelMembers(text)) {
    if (!Object.hasOwn(changes, member.key)) continue;
    missing.delete(member.key);
    result += text.slice(copied, member.valueStart) + JSON.stringify(changes[member.key]);
    copied = member.valueEnd;
  }
  result += text.slice(copied);
  if (missing.size === 0) return result;
  const brace = result.indexOf('{') + 1;
  const added = [...missing]
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(changes[key])}`)
    .join(',');
  const comma = result.charCodeAt(skipSpace(result, brace)) === 125 ? '' : ',';
  return result.slice(0, brace) + added + comma + result.slice(brace);
}

/** The same JSON text without one top-level member, wherever it stands, and all other bytes as they were. */
export function withoutMember(text: string, key: string): string {
  const members = topLevelMembers(text);
  const kept = members.filter((member) => member.key !== key);
  if (kept.length === members.length) return text;
  const inner = kept.map(({ keyStart, valueEnd }) => text.slice(keyStart, valueEnd)).join(',');
  const first = members[0]?.keyStart ?? 0;
  return text.slice(0, first) + inner + text.slice(members.at(-1)?.valueEnd ?? first);
}

function keyIn(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? JSON.parse(text.slice(start, end)) : inner;
}

/** The index after the closing quote of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === backslash) first--;
  return (at - first) % 2 === 1;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const char = text.charCodeAt(at);
    if (char === quote) {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (open.includes(char)) depth++;
    else if (close.includes(char)) {
      if (depth === 0) return trimEnd(text, at);
      depth--;
      if (depth === 0) return at + 1;
    } else if (char === 44 && depth === 0) return trimEnd(text, at);
    at++;
  }
  return text.length;
}

function trimEnd(text: string, end: number): number {
  let at = end;
  while (isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(char: number): boolean {
  return char === 32 || char === 10 || char === 13 || char === 9;
}
