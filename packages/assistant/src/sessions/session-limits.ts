import { cutText } from './cut-text.ts';
import type { EntryData, EntryOf } from './session-entry.ts';

/** Text of one tool result, in UTF-16 units: its head and tail are kept. */
export const maxResultLength = 100_000;
/** The diff of one file in a result, in UTF-16 units. */
const maxDiffLength = 50_000;
/** One image in a result, in characters of base64: a larger one is left out, and said to be. */
const maxImageLength = 7_000_000;
/** All entries of a session, in bytes of JSON. */
export const maxSessionBytes = 256 * 1024 * 1024;

/** An entry as it is stored. */
export function limitEntry(data: EntryData): EntryData {
  return data.kind === 'result' ? limitResult(data) : data;
}

/** A result within the limits of a session. What goes over is cut, and the text says so. */
function limitResult(result: EntryOf<'result'>): EntryOf<'result'> {
  const images = result.images.filter(({ base64 }) => base64.length <= maxImageLength);
  const dropped = result.images.length - images.length;
  const note = dropped === 0 ? '' : `\n[${dropped} images over the size limit are left out]`;
  return {
    ...result,
    images,
    text: cutText(result.text, maxResultLength) + note,
    changes: result.changes.map((change) => ({
      ...change,
      diff: cutText(change.diff, maxDiffLength),
    })),
  };
}
