import { RpcError } from '@zeke/rpc';
import { type FoundText, findText, type TextMatch } from './find-text.ts';
import { nearestText, numbered } from './nearest-text.ts';
import { type TextForm, withLineEnds } from './text-form.ts';
import { TextLines } from './text-lines.ts';

export interface TextEdit {
  readonly oldText: string;
  readonly newText: string;
  readonly replacesAll: boolean;
}

export interface ReplacedText {
  /** With the line ends that it had; of every line that was not replaced, all bytes. */
  readonly text: string;
  readonly how: FoundText['how'];
  /** The lines that were replaced, as they were numbered before. */
  readonly places: readonly LineRange[];
}

interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Places that are told where there are more. */
const maxToldPlaces = 10;
/** Of each place that is told, so many lines at most. */
const maxToldLines = 5;

/**
 * Replaces one text by another. Throws `failed_precondition` where it is not there, with the nearest
 * text that is, and where it stands in several places, with the lines of each, unless all are to be
 * replaced; `invalid_argument` for an edit that changes nothing.
 */
export function replaceText(
  shown: string,
  text: string,
  form: Pick<TextForm, 'lineEnd'>,
  edit: TextEdit,
): ReplacedText {
  const wanted = withLineEnds(edit.oldText, '\n');
  const replacement = withLineEnds(edit.newText, '\n');
  if (wanted === replacement) {
    throw new RpcError('invalid_argument', `${shown}: old_string and new_string are the same`);
  }
  const plain = withLineEnds(text, '\n');
  const found = findText(plain, wanted, replacement);
  if (found === undefined) throw notFound(shown, plain, wanted);
  const source = new TextLines(plain);
  const places = found.matches.map((match) => rangeOf(source, match));
  if (places.length > 1 && !edit.replacesAll) throw ambiguous(shown, source, places);
  return { text: replaceAt(text, found.matches, form), how: found.how, places };
}

function rangeOf(source: TextLines, { end, start }: TextMatch): LineRange {
  return { first: source.numberAt(start), last: source.numberAt(Math.max(start, end - 1)) };
}

/** `matches` count in the text with plain line ends; what they leave alone is copied as it is. */
function replaceAt(
  text: string,
  matches: readonly TextMatch[],
  { lineEnd }: Pick<TextForm, 'lineEnd'>,
): string {
  const offset = rawOffsets(text);
  let copied = 0;
  let result = '';
  for (const { end, replacement, start } of matches) {
    const from = offset(start);
    const to = offset(end);
    const old = text.slice(from, to);
    result += text.slice(copied, from) + withLineEnds(replacement, lineEndIn(old) ?? lineEnd);
    copied = to;
  }
  return result + text.slice(copied);
}

/** From offsets, which only grow, in the text with plain line ends to those in the text itself. */
function rawOffsets(text: string): (plain: number) => number {
  let dropped = 0;
  let next = text.indexOf('\r\n');
  return (plain) => {
    while (next >= 0 && next + 1 - (dropped + 1) < plain) {
      dropped++;
      next = text.indexOf('\r\n', next + 2);
    }
    return plain + dropped;
  };
}

/** How all lines of a part end; undefined where it has none, or both kinds. */
function lineEndIn(part: string): TextForm['lineEnd'] | undefined {
  const plain = /(?<!\r)\n/.test(part);
  return plain === part.includes('\r\n') ? undefined : plain ? '\n' : '\r\n';
}

function notFound(shown: string, text: string, wanted: string): RpcError {
  const nearest = nearestText(text, wanted);
  const hint = /^\s*\d+\t/.test(wanted) ? ' Leave out the line numbers of read_file.' : '';
  const what = nearest
    ? `The nearest text in it now:\n${nearest}\nTry again with the text as it is.`
    : 'Nothing like it is in the file: read it again.';
  return new RpcError('failed_precondition', `${shown}: old_string is not there.${hint} ${what}`);
}

function ambiguous(shown: string, source: TextLines, places: readonly LineRange[]): RpcError {
  const told = places
    .slice(0, maxToldPlaces)
    .map(({ first, last }) =>
      numbered(source.lines.slice(first - 1, Math.min(last, first - 1 + maxToldLines)), first),
    );
  const more = places.length - told.length;
  const rest = more > 0 ? `\n… and ${more} more` : '';
  return new RpcError(
    'failed_precondition',
    `${shown}: old_string stands in ${places.length} places. Give more lines around the one that is meant, or set replace_all. They are:\n${told.join('\n--\n')}${rest}`,
  );
}
