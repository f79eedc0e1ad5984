import { blankCode } from '../blank-code.ts';

/** Something that a text points to. Lines count from 1, both included. */
export type Mention = { readonly raw: string } & (
  | { readonly kind: 'file'; readonly path: string; readonly lines?: LineRange }
  | { readonly kind: 'dir'; readonly path: string }
  | { readonly kind: 'symbol'; readonly name: string }
  /** `@word`: a file or a symbol of the project if there is one, and else no mention. */
  | { readonly kind: 'name'; readonly name: string; readonly lines?: LineRange }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'diag'; readonly path?: string }
  | { readonly kind: 'git'; readonly what: 'diff' | 'status' }
  | { readonly kind: 'buffer' }
  | { readonly kind: 'selection' }
);

export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Of one text; later ones are not looked at. */
export const maxMentions = 50;
/** Mentions are looked for up to here, in UTF-16 units: what is longer was pasted. */
export const maxTextLength = 100_000;
const maxLine = 10_000_000;

/**
 * The mentions of a text, in order, each once: `@file:src/a.ts:10-20` or in short `@src/a.ts:10-20`,
 * `@dir:src` or `@src/`, `@symbol:name`, `@diag`, `@diag:src/a.ts`, `@git:diff`, `@git:status`,
 * `@url:https://…` or `@https://…`, `@buffer`, `@selection`. A path with blanks stands in quotes.
 * Nothing in code is one, nor are addresses, and calls as of decorators: `@Component()`.
 */
export function findMentions(text: string): Mention[] {
  const prose = blankCode(text.slice(0, maxTextLength));
  const found = new Map<string, Mention>();
  for (const match of prose.matchAll(mark)) {
    const mention = parseMention(match[0], text[match.index + match[0].length]);
    if (mention !== undefined && !found.has(mention.raw)) found.set(mention.raw, mention);
    if (found.size === maxMentions) break;
  }
  return [...found.values()];
}

/** At the start, after a blank or an opening sign; a prefix may have a quoted path. */
const mark =
  /(?<=^|[\s([{"'])@(?:[a-z]{3,9}:)?(?:"[^"\n]{1,500}"(?::\d{1,8}(?:-\d{1,8})?)?|[^\s"'<>()[\]{},;|`]{1,2000})/gm;

function parseMention(matched: string, next: string | undefined): Mention | undefined {
  const raw = matched.replace(/[.:!?]+$/, '');
  if (raw === matched && next === '(') return undefined;
  const body = raw.slice(1);
  const colon = body.indexOf(':');
  const prefix = colon < 0 ? body : body.slice(0, colon);
  const rest = colon < 0 ? '' : body.slice(colon + 1);
  switch (prefix) {
    case 'http':
    case 'https':
      return urlOf(raw, body);
    case 'url':
      return urlOf(raw, rest);
    case 'file':
      return rest === '' ? undefined : fileOf(raw, rest);
    case 'dir':
      return rest === '' ? undefined : { kind: 'dir', raw, path: unquoted(rest) };
    case 'symbol':
      return rest === '' ? undefined : { kind: 'symbol', raw, name: unquoted(rest) };
    case 'diag':
      return rest === '' ? { kind: 'diag', raw } : { kind: 'diag', raw, path: unquoted(rest) };
    case 'git':
      return rest === 'diff' || rest === 'status' ? { kind: 'git', raw, what: rest } : undefined;
    case 'buffer':
    case 'selection':
      return rest === '' ? { kind: prefix, raw } : undefined;
    default:
      return shortOf(raw, body);
  }
}

function urlOf(raw: string, url: string): Mention | undefined {
  const parsed = URL.parse(url);
  const isWeb = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  return isWeb ? { kind: 'url', raw, url } : undefined;
}

/** Without a prefix: a path by its slash, its extension or its quotes, else a name. */
function shortOf(raw: string, body: string): Mention | undefined {
  if (body.endsWith('/')) return { kind: 'dir', raw, path: body };
  const { path, lines } = splitLines(body);
  const isPath =
    path.startsWith('"') || path.includes('/') || /[^.]\.[A-Za-z0-9]{1,12}$/.test(path);
  if (isPath) return fileOf(raw, body);
  if (!/^[\p{L}_$.][\p{L}\p{N}_$.-]*$/u.test(path)) return undefined;
  return { kind: 'name', raw, name: path, ...(lines !== undefined && { lines }) };
}

function fileOf(raw: string, body: string): Mention | undefined {
  const { path, lines } = splitLines(body);
  const name = unquoted(path);
  if (name === '') return undefined;
  if (name.endsWith('/')) return { kind: 'dir', raw, path: name };
  return { kind: 'file', raw, path: name, ...(lines !== undefined && { lines }) };
}

function splitLines(body: string): { path: string; lines?: LineRange } {
  const match = /^(.+?):(\d{1,8})(?:-(\d{1,8}))?$/.exec(body);
  if (match === null) return { path: body };
  const [, path = '', from = '', to = from] = match;
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || last < first || last > maxLine) return { path };
  return { path, lines: { first, last } };
}

function unquoted(path: string): string {
  return path.replace(/^"(.*)"$/, '$1');
}
