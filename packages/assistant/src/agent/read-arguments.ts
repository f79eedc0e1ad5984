/** What a model wrote as arguments, or what is wrong with it in words that help it to do better. */
export type ReadArguments =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: string };

/** Of the text at the place of a fault, in characters on each side. */
const shownLength = 30;

/**
 * Reads the JSON of a tool call. Put right is only what can mean one thing: no text at all (no
 * arguments), a fence of Markdown around it, raw line breaks and tabs within strings, a comma before a
 * closing bracket, and an object that is quoted once more.
 */
export function readArguments(text: string): ReadArguments {
  const bare = withoutFence(text.trim());
  if (bare === '') return { ok: true, value: {} };
  const parsed = parse(bare) ?? parse(mended(bare));
  if (parsed === undefined) return { ok: false, fault: faultOf(bare) };
  const value =
    typeof parsed.value === 'string' ? (parse(parsed.value)?.value ?? '') : parsed.value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { ok: true, value: value as Record<string, unknown> };
  }
  return { ok: false, fault: 'the arguments are not a JSON object, as in {"path": "src/a.ts"}' };
}

function withoutFence(text: string): string {
  return /^```(?:json)?\s*\n([\s\S]*?)\n?```$/.exec(text)?.[1]?.trim() ?? text;
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** The text with control characters in strings escaped, and commas before closing brackets dropped. */
function mended(text: string): string {
  let out = '';
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (inString && character === '\\') {
      out += character + text.charAt(at + 1);
      at += 1;
    } else if (inString && character < ' ') {
      out += JSON.stringify(character).slice(1, -1);
    } else if (!inString && character === ',' && /^\s*[}\]]/.test(text.slice(at + 1, at + 200))) {
      // Nothing stands between this comma and the bracket.
    } else {
      if (character === '"') inString = !inString;
      out += character;
    }
  }
  return out;
}

function faultOf(text: string): string {
  let message = 'it is not JSON';
  try {
    JSON.parse(text);
  } catch (error) {
    message = error instanceof Error ? error.message : message;
  }
  const place = isCut(text)
    ? `the text ends too early: …${text.slice(-2 * shownLength)}`
    : `it begins with: ${text.slice(0, 2 * shownLength)}`;
  return `the arguments are not valid JSON (${message}); ${place}. Send one JSON object, with quotes, backslashes and line breaks in strings escaped`;
}

function isCut(text: string): boolean {
  return text.startsWith('{') && !text.endsWith('}');
}
