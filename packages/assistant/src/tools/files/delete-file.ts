import { lstat } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolPlace } from '../tool.ts';
import { type FileChange, maxWholeFileBytes, readWhole } from './file-change.ts';
import { fileFault } from './file-fault.ts';
import { factsOf } from './open-file.ts';
import type { ProjectFiles } from './project-files.ts';
import { toldChanges } from './told-changes.ts';

const input = z.strictObject({
  path: z.string().describe('File, relative to the working folder or absolute'),
});

type Input = z.output<typeof input>;

/** Deletes a file, or a link and not what it leads to. */
export function deleteFileTool(files: ProjectFiles): Tool<Input> {
  const plan = async ({ path }: Input, place: ToolPlace): Promise<FileChange[]> => [
    await deletion(path, place),
  ];
  return defineTool({
    name: 'delete_file',
    description:
      'Deletes a file, or a link without what it leads to. Folders are removed by the tool shell.',
    isReadOnly: false,
    input,
    actions: async ({ path }, place) => {
      const target = await resolvePath(place, path, { followsLast: false });
      return [{ kind: 'write', path: target.path, change: 'delete' }];
    },
    preview: (call, place) => files.preview(() => plan(call, place)),
    run: (call, context) =>
      withFailuresTold(async () =>
        toldChanges(await files.change(context, () => plan(call, context))),
      ),
  });
}

async function deletion(path: string, place: ToolPlace): Promise<FileChange> {
  const target = await resolvePath(place, path, { followsLast: false });
  const stat = await lstat(target.path, { bigint: true }).catch((cause) => {
    throw fileFault(target.shown, cause);
  });
  if (stat.isDirectory()) {
    throw new RpcError(
      'failed_precondition',
      `${target.shown} is a folder: remove it by the tool shell if the user wants that`,
    );
  }
  const facts = factsOf(stat);
  if (!stat.isFile() || facts.sizeBytes > maxWholeFileBytes) {
    return { target, before: { facts, bytes: new Uint8Array() }, after: undefined };
  }
  return { target, before: await readWhole(target), after: undefined };
}
