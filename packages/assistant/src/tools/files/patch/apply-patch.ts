import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { Action } from '../../../permissions/action.ts';
import { resolvePath } from '../../../project/resolve-path.ts';
import { defineTool } from '../../define-tool.ts';
import { withFailuresTold } from '../../failed-output.ts';
import type { Tool, ToolPlace } from '../../tool.ts';
import { type Draft, Drafts } from '../drafts.ts';
import type { PlannedEdits } from '../plan-edits.ts';
import type { ProjectFiles } from '../project-files.ts';
import type { ReadLedger } from '../read-ledger.ts';
import { toldChanges } from '../told-changes.ts';
import { applyHunks } from './apply-hunks.ts';
import type { FilePatch } from './file-patch.ts';
import { parsePatch } from './parse-patch.ts';

/** Characters of a patch. */
const maxPatchCharacters = 1_000_000;

const input = z.strictObject({
  patch: z
    .string()
    .min(1)
    .max(maxPatchCharacters)
    .transform((text, context): FilePatch[] => {
      try {
        return parsePatch(text);
      } catch (reason) {
        if (!(reason instanceof RpcError)) throw reason;
        context.addIssue(reason.message);
        return z.NEVER;
      }
    })
    .describe('All of the patch, from its first line to its last'),
});

type Input = z.output<typeof input>;

const description = `Applies a patch to one or more files: all of it or nothing. Two forms are taken. A unified diff, as git writes it; or
*** Begin Patch
*** Update File: src/a.ts
*** Move to: src/b.ts
@@ function name() {
 a line that stays
-a line that goes
+a line that comes
*** Add File: src/new.ts
+its only line
*** Delete File: src/old.ts
*** End Patch
Give about three lines around each change; "@@" with a line before it tells places apart; "*** Move to" is left out where nothing moves.`;

/** Applies a patch, of either form. */
export function applyPatchTool(files: ProjectFiles): Tool<Input> {
  return defineTool({
    name: 'apply_patch',
    description,
    isReadOnly: false,
    input,
    actions: ({ patch }, place) => actionsOf(patch, place),
    preview: ({ patch }, place) =>
      files.preview(async () => (await plan(patch, place, files.ledger)).changes),
    run: ({ patch }, context) =>
      withFailuresTold(async () => {
        let planned: PlannedEdits | undefined;
        const changes = await files.change(context, async () => {
          planned = await plan(patch, context, files.ledger);
          return planned.changes;
        });
        return toldChanges(changes, planned?.notes, planned?.needsDiff);
      }),
  });
}

async function actionsOf(patches: readonly FilePatch[], place: ToolPlace): Promise<Action[]> {
  const actions: Action[] = [];
  for (const patch of patches) {
    const { exists, path } = await resolvePath(place, patch.path);
    // A hunk that fails tells text of its file, so it is read, too.
    if (patch.kind !== 'add') actions.push({ kind: 'read', path });
    const moves = patch.kind === 'update' && patch.moveTo !== undefined;
    const change = patch.kind === 'delete' || moves ? 'delete' : exists ? 'modify' : 'create';
    actions.push({ kind: 'write', path, change });
    if (patch.kind !== 'update' || patch.moveTo === undefined) continue;
    const target = await resolvePath(place, patch.moveTo);
    actions.push({ kind: 'write', path: target.path, change: target.exists ? 'modify' : 'create' });
  }
  return actions;
}

async function plan(
  patches: readonly FilePatch[],
  place: ToolPlace,
  ledger: ReadLedger,
): Promise<PlannedEdits> {
  const drafts = new Drafts(place);
  const notes = new Set<string>();
  let needsDiff = false;
  for (const patch of patches) {
    const draft = await drafts.open(patch.path);
    if (patch.kind === 'add') {
      addFile(draft, patch.text, patch.mode);
      continue;
    }
    const { isExact, text } = patched(draft, patch);
    const isOutdated =
      draft.before !== undefined &&
      ledger.knowledge(place.sessionId, draft.target.path, draft.before.bytes) === 'outdated';
    if (isOutdated) {
      if (!isExact) throw outdated(draft.target.shown);
      notes.add(
        `${draft.target.shown} had changed on disk since it was read; all else of it was kept.`,
      );
    }
    needsDiff ||= !isExact;
    if (patch.kind === 'update' && patch.moveTo === undefined) draft.text = text;
    else await takeAway(draft, patch, text, drafts, place);
  }
  if (needsDiff) notes.add('Some lines were found only but for blanks or those around them.');
  return { changes: drafts.changes(), notes: [...notes], needsDiff };
}

function addFile(draft: Draft, text: string, mode: number | undefined): void {
  if (draft.text !== undefined) throw thereAlready(draft.target.shown);
  draft.text = text;
  if (mode !== undefined) draft.mode = mode;
}

function patched({ form, target, text }: Draft, patch: Exclude<FilePatch, { kind: 'add' }>) {
  if (text === undefined) {
    throw new RpcError(
      'not_found',
      `${target.shown} is not there; look with list_directory or glob`,
    );
  }
  const done = applyHunks(target.shown, text, form, patch.hunks);
  if (patch.kind === 'delete' && patch.hunks.length > 0 && done.text !== '') {
    throw new RpcError(
      'failed_precondition',
      `${target.shown}: the patch deletes it, but it has more text than the patch knows: read it again`,
    );
  }
  return done;
}

/** Deletes a file, or moves it with its new text. */
async function takeAway(
  draft: Draft,
  patch: FilePatch,
  text: string,
  drafts: Drafts,
  place: ToolPlace,
): Promise<void> {
  const entry = await resolvePath(place, patch.path, { followsLast: false });
  if (entry.path !== draft.target.path) {
    throw new RpcError(
      'failed_precondition',
      `${patch.path} is a link to ${draft.target.shown}: name that, or delete the link by delete_file`,
    );
  }
  draft.text = undefined;
  if (patch.kind !== 'update' || patch.moveTo === undefined) return;
  const moved = await drafts.open(patch.moveTo);
  if (moved.text !== undefined) throw thereAlready(moved.target.shown);
  moved.text = text;
  moved.form = draft.form;
  if (draft.before) moved.mode = draft.before.facts.mode;
}

function thereAlready(shown: string): RpcError {
  return new RpcError(
    'already_exists',
    `${shown} is there already: update it, or delete it in the same patch before`,
  );
}

function outdated(shown: string): RpcError {
  return new RpcError(
    'failed_precondition',
    `${shown} has changed on disk since it was read, and the lines of the patch are not in it letter by letter: read it again`,
  );
}
