import { redactText } from '@zeke/foundation';
import { isUnbalanced, strayCloser } from './brackets.ts';
import { type CursorPlace, indentOf, joinsWords } from './cursor.ts';

/** Lines of a completion; more are not read before they are taken. */
const maxLines = 24;
/** How much of what stands behind the cursor is compared. */
const followingCharacters = 8_000;
/** How much of what stands before the cursor may come back. */
const echoCharacters = 2_000;
/** As often may a line be repeated before the model is taken to run in circles. */
const maxRepeats = 2;
/** An end that is the beginning of what follows is a repetition from this length on. */
const minOverlap = 3;

export interface CleanOptions {
  readonly prefix: string;
  readonly suffix: string;
  readonly place: CursorPlace;
  /** How many brackets may be closed: `openBrackets` of what stands around the cursor. */
  readonly openBrackets: number;
  /** The model was asked in words, and may have answered in words. */
  readonly isChat: boolean;
  /** False while more may come: nothing is decided that the rest could change. */
  readonly isWhole: boolean;
}

/**
 * What of a model's answer goes in at the cursor: without fences and repetitions of what stands
 * around it, to a sensible end. Empty where nothing is left, or where it must not be shown: what looks
 * like a secret, control characters, half a word, what stands there already.
 */
export function cleanCompletion(answer: string, options: CleanOptions): string {
  const { prefix, suffix, place, isChat } = options;
  let text = answer.replaceAll('\r\n', '\n');
  if (isChat) text = withoutEcho(withoutFences(text), prefix, place);
  text = withoutLeadingSpace(text, place);
  text = place.isMultiLine ? severalLines(text, options) : firstLine(text);
  text = withoutStrayClosers(text, options);
  text = withoutOverlap(text, options);
  text = text.replace(/[^\S\n]+$/gm, '').trimEnd();
  if (!isFit(text, prefix, suffix)) return '';
  return usesCrLf(prefix, suffix) ? text.replaceAll('\n', '\r\n') : text;
}

/** The code of an answer that is in a fence, or begins with one that is not closed yet. */
function withoutFences(text: string): string {
  const thought = text.replace(/^\s*<think>[\s\S]*?(?:<\/think>\s*|$)/, '');
  const opened = /(?:^|\n)[ \t]*```[^\n`]*\n/.exec(thought);
  if (opened === null) return /^\s*`{1,3}[\w-]*$/.test(thought) ? '' : thought;
  const code = thought.slice(opened.index + opened[0].length);
  const closed = code.search(/\n?[ \t]*```/);
  return closed < 0 ? code : code.slice(0, closed);
}

/** Models that were asked in words write the line, or some lines, that they go on with. */
function withoutEcho(text: string, prefix: string, { lineBefore }: CursorPlace): string {
  const lines = prefix.slice(-echoCharacters).split('\n');
  for (let count = Math.min(5, lines.length); count > 0; count--) {
    const tail = lines.slice(-count).join('\n');
    if (tail.trim().length >= minOverlap && text.startsWith(tail)) return text.slice(tail.length);
  }
  const begun = lineBefore.trimStart();
  if (begun.trim().length < minOverlap) return text;
  const trimmed = text.trimStart();
  return trimmed.startsWith(begun) ? trimmed.slice(begun.length) : text;
}

function withoutLeadingSpace(text: string, { isMultiLine, lineBefore }: CursorPlace): string {
  if (lineBefore.trim() !== '') return /\s$/.test(lineBefore) ? text.replace(/^[ \t]+/, '') : text;
  // On a blank line the cursor is indented already, or the answer says how.
  const started = isMultiLine ? text.replace(/^(?:[ \t]*\n)+/, '') : text.trimStart();
  return started.startsWith(lineBefore)
    ? started.slice(lineBefore.length)
    : lineBefore === ''
      ? started
      : started.trimStart();
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line;
}

/** Up to the end of the block that the cursor is in, or that the line before it opens. */
function severalLines(text: string, { place, isWhole }: CleanOptions): string {
  const lines = text.split('\n');
  // The last line of an answer that is not whole may still become another.
  if (!isWhole && lines.length > 1) lines.pop();
  const kept: string[] = [];
  let blank = 0;
  for (const [index, line] of lines.entries()) {
    if (kept.length >= maxLines) break;
    blank = line.trim() === '' ? blank + 1 : 0;
    if (blank > 1) break;
    const repeats = kept.filter((each) => each.length > 4 && each === line).length;
    if (repeats > maxRepeats) break;
    const isOut = index > 0 && line.trim() !== '' && leaves(line, place);
    if (isOut && !/^\s*[)\]}]/.test(line)) break;
    kept.push(line);
    if (isOut && !isUnbalanced(line)) break;
  }
  return kept.join('\n').trimEnd();
}

function leaves(line: string, { indent, opensBlock }: CursorPlace): boolean {
  const own = indentOf(line);
  return opensBlock ? own <= indent : own < indent;
}

/** Brackets that the text behind the cursor closes are not closed twice. */
function withoutStrayClosers(text: string, { openBrackets }: CleanOptions): string {
  const at = strayCloser(text, openBrackets);
  return at === undefined ? text : text.slice(0, at);
}

function withoutOverlap(text: string, { place, suffix, isWhole }: CleanOptions): string {
  const follows = following(suffix);
  const own = text.trimEnd();
  const longest = Math.min(own.length, follows.length, 400);
  for (let length = longest; length >= minOverlap; length--) {
    if (own.endsWith(follows.slice(0, length))) return own.slice(0, own.length - length);
  }
  if (follows === '' || own.at(-1) !== follows[0] || !isWhole) return text;
  const isRepeated = own.endsWith(';') || closesQuote(place.lineBefore, own);
  return isRepeated ? own.slice(0, -1) : text;
}

/** A quote that is open before the cursor, and that editors have closed behind it already. */
function closesQuote(lineBefore: string, text: string): boolean {
  const quote = text.slice(-1);
  return /["'`]/.test(quote) && lineBefore.split(quote).length % 2 === 0;
}

/** The beginning of what follows, which is all that can be repeated: a copy of the whole would be slow. */
function following(suffix: string): string {
  return suffix.slice(0, followingCharacters).trimStart();
}

function isFit(text: string, prefix: string, suffix: string): boolean {
  const bare = text.trim();
  if (bare === '') return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/.test(text)) {
    return false;
  }
  if (joinsWords(text, suffix)) return false;
  if (following(suffix).startsWith(bare)) return false;
  // A secret may tell what it is by the name before it.
  const [line = ''] = prefix
    .slice(prefix.lastIndexOf('\n') + 1)
    .slice(-200)
    .split('\n');
  const whole = line + text;
  return redactText(text) === text && (redactText(whole) === whole || redactText(line) !== line);
}

function usesCrLf(prefix: string, suffix: string): boolean {
  const at = prefix.indexOf('\n');
  if (at >= 0) return prefix[at - 1] === '\r';
  return /^[^\n]*\r\n/.test(suffix);
}
