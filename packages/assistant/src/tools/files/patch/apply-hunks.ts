import { RpcError } from '@zeke/rpc';
import { plainForms } from '../find-text.ts';
import { reindentation } from '../indentation.ts';
import { nearestText } from '../nearest-text.ts';
import type { TextForm } from '../text-form.ts';
import type { Hunk } from './file-patch.ts';

export interface PatchedText {
  readonly text: string;
  /** Every old line was there, letter by letter. */
  readonly isExact: boolean;
}

/** A line of a file and what ends it; the last may have no end. */
interface Line {
  readonly text: string;
  readonly end: string;
}

/**
 * Carries out the hunks of one file, in their order. Lines that stay keep all their bytes. Old lines are
 * looked for letter by letter, then but for blanks, and, where the hunk has a number, with one or two
 * lines of what is around it left out; of several places the one nearest to the number counts. Throws
 * `failed_precondition` where a hunk fits nowhere, with the nearest text there is, or in several places.
 */
export function applyHunks(
  shown: string,
  text: string,
  { lineEnd }: Pick<TextForm, 'lineEnd'>,
  hunks: readonly Hunk[],
): PatchedText {
  const lines = splitLines(text);
  const hadEnd = lines.length === 0 || lines.at(-1)?.end !== '';
  let isExact = true;
  let cursor = 0;
  let drift = 0;
  for (const [index, hunk] of hunks.entries()) {
    const name = hunks.length === 1 ? shown : `${shown}, hunk ${index + 1} of ${hunks.length}`;
    const place = findPlace(name, lines, hunk, cursor, drift);
    const now = replacementOf(hunk, lines, place, lineEnd);
    lines.splice(place.at, place.count, ...now);
    isExact &&= place.form === 0;
    cursor = place.at + now.length;
    drift += now.length - place.count;
  }
  return { text: joinLines(lines, lineEnd, hadEnd, hunks), isExact };
}

function splitLines(text: string): Line[] {
  const rows = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return rows.map((row) => {
    const end = row.endsWith('\r\n') ? '\r\n' : row.endsWith('\n') ? '\n' : '';
    return { text: row.slice(0, row.length - end.length), end };
  });
}

/** Which lines of the file a hunk replaces. */
interface Place {
  readonly at: number;
  readonly count: number;
  /** Lines at the hunk's beginning and end that were left out to find it. */
  readonly skippedHead: number;
  readonly skippedTail: number;
  /** How mildly lines were compared; 0 is letter by letter. */
  readonly form: number;
}

/** As `patch` does. */
const maxFuzz = 2;
const forms: readonly ((line: string) => string)[] = [(line) => line, ...plainForms];

function findPlace(
  name: string,
  lines: readonly Line[],
  hunk: Hunk,
  cursor: number,
  drift: number,
): Place {
  const from = afterContext(name, lines, hunk, cursor);
  const wanted = oldLines(hunk);
  if (wanted.length === 0) return { ...nothingSkipped, at: insertionAt(hunk, lines, from, drift) };
  const most = hunk.line === undefined ? 0 : maxFuzz;
  for (let fuzz = 0; fuzz <= most; fuzz++) {
    const skippedHead = Math.min(fuzz, contextAt(hunk, 'head'));
    const skippedTail = Math.min(fuzz, contextAt(hunk, 'tail'));
    if (skippedHead + skippedTail >= wanted.length) break;
    const kept = wanted.slice(skippedHead, wanted.length - skippedTail);
    for (const [form, plain] of forms.entries()) {
      const places = placesOf(lines, kept, from, plain, form > 0);
      if (places.length === 0) continue;
      const at = choose(name, places, kept.length, lines, hunk, drift + skippedHead, fuzz > 0);
      return { at, count: kept.length, skippedHead, skippedTail, form: form + fuzz };
    }
  }
  throw notFound(name, lines, wanted);
}

const nothingSkipped = { count: 0, skippedHead: 0, skippedTail: 0, form: 0 };

function oldLines({ lines }: Hunk): string[] {
  return lines.filter(({ sign }) => sign !== '+').map(({ text }) => text);
}

/** How many lines at an end of the hunk stay. */
function contextAt({ lines }: Hunk, end: 'head' | 'tail'): number {
  const ordered = end === 'head' ? lines : lines.toReversed();
  const first = ordered.findIndex(({ sign }) => sign !== ' ');
  return Math.max(first, 0);
}

function afterContext(name: string, lines: readonly Line[], hunk: Hunk, cursor: number): number {
  let from = cursor;
  for (const wanted of hunk.after) {
    const found = forms
      .map((plain) =>
        lines.findIndex((line, at) => at >= from && plain(line.text) === plain(wanted)),
      )
      .find((at) => at >= 0);
    if (found === undefined) throw notFound(`${name}, "@@ ${wanted}"`, lines, [wanted]);
    from = found + 1;
  }
  return from;
}

/** Where lines come that replace none: after the line that is numbered or named, else at the end. */
function insertionAt(hunk: Hunk, lines: readonly Line[], from: number, drift: number): number {
  if (hunk.line !== undefined) return Math.min(lines.length, Math.max(from, hunk.line + drift));
  return hunk.after.length > 0 ? from : lines.length;
}

function placesOf(
  lines: readonly Line[],
  wanted: readonly string[],
  from: number,
  plain: (line: string) => string,
  needsIndent: boolean,
): number[] {
  const sought = wanted.map(plain);
  const places: number[] = [];
  for (let at = from; at + sought.length <= lines.length; at++) {
    if (!sought.every((form, index) => form === plain(lines[at + index]?.text ?? ''))) continue;
    const actual = lines.slice(at, at + sought.length).map(({ text }) => text);
    if (!needsIndent || reindentation(wanted, actual)) places.push(at);
  }
  return places;
}

function choose(
  name: string,
  places: readonly number[],
  count: number,
  lines: readonly Line[],
  hunk: Hunk,
  drift: number,
  isFuzzy: boolean,
): number {
  const [first = 0] = places;
  if (places.length === 1 || (hunk.after.length > 0 && !hunk.isAtEnd)) return first;
  if (hunk.isAtEnd && places.at(-1) === lines.length - count) return lines.length - count;
  if (hunk.line === undefined || isFuzzy) throw ambiguous(name, places);
  const expected = hunk.line - 1 + drift;
  return places.reduce((best, at) =>
    Math.abs(at - expected) < Math.abs(best - expected) ? at : best,
  );
}

function replacementOf(
  hunk: Hunk,
  lines: readonly Line[],
  { at, count, form, skippedHead, skippedTail }: Place,
  lineEnd: string,
): Line[] {
  const kept = hunk.lines.slice(skippedHead, hunk.lines.length - skippedTail);
  const old = lines.slice(at, at + count);
  const wanted = kept.filter(({ sign }) => sign !== '+').map(({ text }) => text);
  const indent =
    form > 0
      ? reindentation(
          wanted,
          old.map(({ text }) => text),
        )
      : undefined;
  const end = old.find((line) => line.end !== '')?.end ?? lines[at - 1]?.end ?? lineEnd;
  const now: Line[] = [];
  let next = 0;
  for (const { sign, text } of kept) {
    const stays = sign === '+' ? undefined : old[next++];
    if (sign === '+') now.push({ text: indent?.(text) ?? text, end });
    else if (sign === ' ' && stays) now.push(stays);
  }
  return now;
}

/** All lines but the last have an end; that one as the patch says, or as it was before. */
function joinLines(
  lines: readonly Line[],
  lineEnd: string,
  hadEnd: boolean,
  hunks: readonly Hunk[],
): string {
  const endless = hunks.map((hunk) => hunk.endless);
  const losesEnd = endless.some((one) => one.new);
  const getsEnd = endless.some((one) => one.old);
  const hasEnd = losesEnd ? false : getsEnd || hadEnd;
  const last = lines.length - 1;
  return lines
    .map(({ end, text }, index) => {
      if (index < last || hasEnd) return text + (end || lineEnd);
      return text;
    })
    .join('');
}

function notFound(name: string, lines: readonly Line[], wanted: readonly string[]): RpcError {
  const text = lines.map((line) => `${line.text}\n`).join('');
  const nearest = nearestText(text, wanted.join('\n'));
  const what = nearest
    ? `The nearest text in it now:\n${nearest}\nMake the patch anew from the text as it is.`
    : 'Nothing like it is in the file: read it again.';
  return new RpcError('failed_precondition', `${name}: its lines are not there. ${what}`);
}

function ambiguous(name: string, places: readonly number[]): RpcError {
  const told = places.slice(0, 10).map((at) => at + 1);
  return new RpcError(
    'failed_precondition',
    `${name}: its lines stand in ${places.length} places (at lines ${told.join(', ')}): give more lines around the change, or "@@" with a line before it`,
  );
}
