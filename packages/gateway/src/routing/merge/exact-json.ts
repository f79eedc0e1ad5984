/** JSON as it was written: numbers that a double cannot hold keep their digits. */
export type ExactJson =
  | null
  | boolean
  | number
  | string
  | LongNumber
  | readonly ExactJson[]
  | ExactObject;

export interface ExactObject {
  readonly [key: string]: ExactJson;
}

/** A number with more digits than a double keeps, or beyond its range. */
class LongNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A longer text is not looked at as JSON. */
const maxChars = 1_000_000;
/** Deeper JSON is not looked at either. */
const maxDepth = 64;
/** As many as every double keeps. */
const keptDigits = 15;

/** The object that a text is; undefined for any other text, and for one that is too long or too deep. */
export function parseObject(text: string): ExactObject | undefined {
  const value = text.length > maxChars ? undefined : parsed(text);
  return isObject(value) && isWithin(value, maxDepth) ? value : undefined;
}

/** JSON text. Where keys are sorted, values that say the same have the same text. */
export function jsonText(value: ExactJson, keys: 'sorted' | 'as written'): string {
  if (value instanceof LongNumber) return value.text;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map((item) => jsonText(item, keys)).join(',')}]`;
  const entries = Object.entries(value);
  if (keys === 'sorted') entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item, keys)}`).join(',')}}`;
}

export function isObject(value: ExactJson | undefined): value is ExactObject {
  return (
    typeof value === 'object' && value !== null && !isList(value) && !(value instanceof LongNumber)
  );
}

function isList(value: ExactJson): value is readonly ExactJson[] {
  return Array.isArray(value);
}

function parsed(text: string): ExactJson | undefined {
  try {
    return JSON.parse(text, exactly);
  } catch {
    // No JSON, or so deep that it cannot be walked through.
    return undefined;
  }
}

/** `source` is what stands in the text (ECMAScript 2026, JSON.parse source text access). */
function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const digits = source
    .replace(/e.*$/i, '')
    .replaceAll(/[^0-9]/g, '')
    .replace(/^0+/, '');
  const isKept =
    Number.isFinite(value) && digits.length <= keptDigits && (value !== 0 || digits === '');
  return isKept ? value : new LongNumber(source);
}

function isWithin(value: ExactJson, depth: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof LongNumber) return true;
  if (depth === 0) return false;
  return Object.values(value).every((item: ExactJson) => isWithin(item, depth - 1));
}
