import { applyCompaction } from '../context/compaction/apply-compaction.ts';
import { SentLedger } from '../context/sent-ledger.ts';
import { toMessages } from '../sessions/conversation.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import type { SessionEntry } from '../sessions/session-entry.ts';
import type { ShownFile, ToolOutput } from '../tools/tool.ts';

/** A shorter text is sent again: what stands in its place is hardly shorter, in characters. */
const minLength = 800;

/** Results that are remembered; beyond them the oldest is forgotten, and its file sent whole again. */
const maxKnown = 4_096;

interface Sent {
  readonly callId: string;
  /** Of the result, as the session has it. */
  readonly text: string;
}

/**
 * What the calls of one run have shown of files, so that it is not sent twice: a file that is as it was shown
 * is referred to, of one that changed the difference is told where that is shorter. Only as long as the
 * conversation that is sent still holds all of the earlier result, as looked up in the session each time; what
 * stands in its place says how to get the whole, since a compaction may take the earlier one away later.
 */
export class SentReads {
  readonly #ledger = new SentLedger();
  readonly #sent = new Map<string, Sent>();

  /** The output as it goes into the session. */
  shorten(output: ToolOutput, entries: readonly SessionEntry[]): ToolOutput {
    const { shownFile, text } = output;
    if (shownFile === undefined || shownFile.isAgain || shownFile.told.length < minLength) {
      return output;
    }
    if (!text.startsWith(shownFile.told)) return output;
    const added = text.slice(shownFile.told.length);
    const key = keyOf(shownFile);
    const earlier = this.#sent.get(key);
    if (earlier === undefined || !isStillSent(earlier, entries)) return output;
    const telling = this.#ledger.tell(key, shownFile.text);
    const { path } = shownFile;
    const place = `result of your earlier call ${earlier.callId}`;
    if (telling.kind === 'unchanged') {
      return {
        ...output,
        text: `[${path} is as it was shown in the ${place}. ${whole}]${added}`,
        summary: `${output.summary ?? path}, unchanged`,
      };
    }
    if (telling.kind === 'whole' || !shownFile.isWhole) return output;
    const diff = telling.diff.slice(telling.diff.indexOf('@@'));
    return {
      ...output,
      text: `[${path} has changed since it was shown in the ${place}. The difference from that follows. ${whole}]\n${diff}${added}`,
      summary: `${output.summary ?? path}, the difference`,
    };
  }

  /** After an output is in the session, with this text; one that was shortened refers to the one before. */
  note(callId: string, output: ToolOutput, text: string): void {
    const { shownFile } = output;
    if (shownFile === undefined || !text.startsWith(output.text)) return;
    const key = keyOf(shownFile);
    this.#ledger.note(key, shownFile.text);
    this.#sent.delete(key);
    this.#sent.set(key, { callId, text });
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > maxKnown && oldest !== undefined) this.#sent.delete(oldest);
  }
}

const whole = 'If that is not there any more, read it with again.';

/** The same lines in the same form. */
function keyOf({ first, isNumbered, isWhole, limit, path }: ShownFile): string {
  return JSON.stringify([path, isWhole ? 'whole' : [first, limit], isNumbered]);
}

/** The model will be sent all of that result with its next question, as far as is known now. */
function isStillSent({ callId, text }: Sent, entries: readonly SessionEntry[]): boolean {
  const { active, compaction } = foldEntries(entries);
  return applyCompaction(toMessages(active), compaction).some(({ parts }) =>
    parts.some(
      (part) =>
        part.type === 'tool-result' &&
        part.callId === callId &&
        part.content.some((item) => item.type === 'text' && item.text === text),
    ),
  );
}
