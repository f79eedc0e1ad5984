import { z } from 'zod';
import type { LanguageServers } from '../../lsp/language-servers.ts';
import { planRename } from '../../lsp/rename.ts';
import type { Action } from '../../permissions/action.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { Drafts } from '../files/drafts.ts';
import type { FileChange } from '../files/file-change.ts';
import type { ProjectFiles } from '../files/project-files.ts';
import { toldChanges } from '../files/told-changes.ts';
import type { Tool, ToolPlace } from '../tool.ts';
import { fileOfProject, placeFields, queryAt, readsFile } from './lsp-place.ts';

/** How long a plan for who has to allow it may take. */
const planMs = 30_000;

const input = z.strictObject({
  ...placeFields,
  new_name: z.string().min(1).max(200).describe('The name that it is to have'),
});

type Input = z.output<typeof input>;

/** Renames a symbol wherever it is used. */
export function lspRenameTool(servers: LanguageServers, files: ProjectFiles): Tool<Input> {
  const plan = async (call: Input, place: ToolPlace, signal: AbortSignal) => {
    const query = queryAt(call, await fileOfProject(call.path, place), place);
    return await planRename(servers, query, call.new_name, signal);
  };
  const changes = async (call: Input, place: ToolPlace, signal: AbortSignal) => {
    const drafts = new Drafts(place);
    for (const [path, rewrite] of (await plan(call, place, signal)).files) {
      const draft = await drafts.open(path);
      draft.text = rewrite(draft.text ?? '');
    }
    return drafts.changes();
  };
  return defineTool({
    name: 'lsp_rename',
    description:
      'Renames a symbol in every file of the project that uses it, all or none: exact, where a search also finds namesakes. Name the place by symbol, with the line that it is near, or by line and column.',
    isReadOnly: false,
    input,
    actions: async (call, place): Promise<Action[]> => {
      const { files: planned } = await plan(call, place, AbortSignal.timeout(planMs));
      // Servers name files in an order of their own.
      const writes = [...planned.keys()].toSorted().map((path) => ({
        kind: 'write' as const,
        path,
        change: 'modify' as const,
      }));
      return [...(await readsFile(call, place)), ...writes];
    },
    preview: (call, place) => {
      const signal = AbortSignal.timeout(planMs);
      return files.preview(() => changes(call, place, signal));
    },
    run: (call, context) =>
      withFailuresTold(async () => {
        const planned = (): Promise<readonly FileChange[]> =>
          changes(call, context, context.signal);
        return toldChanges(await files.change(context, planned));
      }),
  });
}
