import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { Action } from '../../permissions/action.ts';
import { type PathPlace, resolvePath } from '../../project/resolve-path.ts';
import type { ToolPlace } from '../tool.ts';
import { type Draft, Drafts } from './drafts.ts';
import type { FileChange } from './file-change.ts';
import type { ReadLedger } from './read-ledger.ts';
import { replaceText } from './replace-text.ts';

/** One replacement in one file, as models write it. */
export const editInput = z.strictObject({
  path: z.string().describe('File, relative to the working folder or absolute'),
  old_string: z
    .string()
    .describe(
      'Text as it stands in the file, with enough of the lines around it to stand there once; empty to make a new file',
    ),
  new_string: z.string().describe('What is to stand there instead'),
  replace_all: z.boolean().default(false).describe('Replace every place where it stands'),
});

export type EditInput = z.output<typeof editInput>;

export interface PlannedEdits {
  readonly changes: readonly FileChange[];
  /** What the model should know of how its edits were taken. */
  readonly notes: readonly string[];
  /** Some text was not found letter by letter: the model has to see what was changed. */
  readonly needsDiff: boolean;
}

/**
 * Carries edits out in memory, each on what those before it left. Throws RpcError where one does not
 * fit, and says which: then none counts.
 */
export async function planEdits(
  edits: readonly EditInput[],
  place: ToolPlace,
  ledger: ReadLedger,
): Promise<PlannedEdits> {
  const drafts = new Drafts(place);
  const notes = new Set<string>();
  let needsDiff = false;
  for (const [index, edit] of edits.entries()) {
    try {
      const draft = await drafts.open(edit.path);
      const isExact = applyEdit(draft, edit, isOutdated(draft, ledger, place.sessionId), notes);
      needsDiff ||= !isExact;
    } catch (reason) {
      if (edits.length === 1 || !(reason instanceof RpcError)) throw reason;
      throw new RpcError(reason.code, `edits[${index}] (none was made): ${reason.message}`, {
        cause: reason,
      });
    }
  }
  return { changes: drafts.changes(), notes: [...notes], needsDiff };
}

/** What edits would do, each file once. A failed one tells text of its file, so it is read, too. */
export async function actionsOfEdits(
  edits: readonly Pick<EditInput, 'path'>[],
  place: PathPlace,
): Promise<Action[]> {
  const actions = new Map<string, Action[]>();
  for (const { path } of edits) {
    const target = await resolvePath(place, path);
    actions.set(
      target.path,
      target.exists
        ? [
            { kind: 'read', path: target.path },
            { kind: 'write', path: target.path, change: 'modify' },
          ]
        : [{ kind: 'write', path: target.path, change: 'create' }],
    );
  }
  return [...actions.values()].flat();
}

function isOutdated({ before, target }: Draft, ledger: ReadLedger, sessionId: string): boolean {
  if (before === undefined) return false;
  return ledger.knowledge(sessionId, target.path, before.bytes) === 'outdated';
}

/** True where the text was there letter by letter. */
function applyEdit(
  draft: Draft,
  edit: EditInput,
  isOutdatedFile: boolean,
  notes: Set<string>,
): boolean {
  const { form, target, text } = draft;
  if (edit.old_string === '') {
    if (text) throw startsEmpty(target.shown);
    draft.text = edit.new_string;
    return true;
  }
  if (text === undefined) throw notThere(target.shown);
  const { how, places, ...replaced } = replaceText(target.shown, text, form, {
    oldText: edit.old_string,
    newText: edit.new_string,
    replacesAll: edit.replace_all,
  });
  if (isOutdatedFile && how !== 'exact') throw outdated(target.shown);
  draft.text = replaced.text;
  if (isOutdatedFile) {
    notes.add(`${target.shown} had changed on disk since it was read; all else of it was kept.`);
  }
  if (how === 'exact') return true;
  const lines = places.map(({ first, last }) => `${first}-${last}`).join(', ');
  const why = how === 'whitespace' ? 'but for blanks' : 'only by its first and last line';
  notes.add(`${target.shown}: old_string was found ${why}, at lines ${lines}.`);
  return false;
}

function startsEmpty(shown: string): RpcError {
  return new RpcError(
    'invalid_argument',
    `${shown}: old_string is empty but the file is not: give the text to replace, or use write_file`,
  );
}

function notThere(shown: string): RpcError {
  return new RpcError('not_found', `${shown} is not there; look with list_directory or glob`);
}

function outdated(shown: string): RpcError {
  return new RpcError(
    'failed_precondition',
    `${shown} has changed on disk since it was read, and old_string is not in it letter by letter: read it again`,
  );
}
