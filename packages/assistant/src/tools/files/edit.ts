import { z } from 'zod';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput, ToolPlace } from '../tool.ts';
import {
  actionsOfEdits,
  type EditInput,
  editInput,
  type PlannedEdits,
  planEdits,
} from './plan-edits.ts';
import type { ProjectFiles } from './project-files.ts';
import { toldChanges } from './told-changes.ts';

/** Edits that one call may make. */
const maxEdits = 100;

const manyInput = z.strictObject({
  edits: z
    .array(editInput)
    .min(1)
    .max(maxEdits)
    .describe('Made in this order, each on what those before it left'),
});

/** Replaces a text in a file. */
export function editTool(files: ProjectFiles): Tool<EditInput> {
  return defineTool({
    name: 'edit',
    description:
      'Replaces old_string by new_string in a file. old_string is looked for letter by letter, then but for blanks, then by its first and last line; where it is not found the nearest text comes back. It must stand in the file once unless replace_all is set. Give it without the line numbers of read_file.',
    isReadOnly: false,
    input: editInput,
    actions: (edit, place) => actionsOfEdits([edit], place),
    preview: (edit, place) => preview(files, [edit], place),
    run: (edit, context) => change(files, [edit], context),
  });
}

/** Makes several edits, in one or more files: all or none. */
export function multiEditTool(files: ProjectFiles): Tool<z.output<typeof manyInput>> {
  return defineTool({
    name: 'multi_edit',
    aliases: ['multiedit'],
    description:
      'Makes several edits, in one file or many, as edit makes one. Where one of them fails none is made, and it is told which.',
    isReadOnly: false,
    input: manyInput,
    actions: ({ edits }, place) => actionsOfEdits(edits, place),
    preview: ({ edits }, place) => preview(files, edits, place),
    run: ({ edits }, context) => change(files, edits, context),
  });
}

function preview(files: ProjectFiles, edits: readonly EditInput[], place: ToolPlace) {
  return files.preview(async () => (await planEdits(edits, place, files.ledger)).changes);
}

async function change(
  files: ProjectFiles,
  edits: readonly EditInput[],
  context: ToolContext,
): Promise<ToolOutput> {
  return await withFailuresTold(async () => {
    let planned: PlannedEdits | undefined;
    const changes = await files.change(context, async () => {
      planned = await planEdits(edits, context, files.ledger);
      return planned.changes;
    });
    return toldChanges(changes, planned?.notes, planned?.needsDiff);
  });
}
