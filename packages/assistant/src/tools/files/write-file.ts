import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolPlace } from '../tool.ts';
import { type Draft, Drafts } from './drafts.ts';
import type { FileChange } from './file-change.ts';
import type { ProjectFiles } from './project-files.ts';
import { encodeText, newTextForm, withLineEnds } from './text-form.ts';
import { toldChanges } from './told-changes.ts';

const input = z.strictObject({
  path: z.string().describe('File, relative to the working folder or absolute'),
  content: z.string().describe('All of its new text'),
});

type Input = z.output<typeof input>;

/** Makes a file, or replaces all of its text. */
export function writeFileTool(files: ProjectFiles): Tool<Input> {
  const plan = async ({ content, path }: Input, place: ToolPlace): Promise<FileChange[]> => {
    const drafts = new Drafts(place);
    const draft = await drafts.open(path);
    refuseUnseen(draft, files, place.sessionId);
    return [replaced(draft, content)].flatMap((change) => change ?? []);
  };
  return defineTool({
    name: 'write_file',
    aliases: ['writeFile'],
    description:
      'Makes a file with this text, and the folders around it, or replaces all text of a file that was read before. To change a part of a file, use edit. Encoding, line ends and permissions of a file stay as they are.',
    isReadOnly: false,
    input,
    actions: async ({ path }, place) => {
      const target = await resolvePath(place, path);
      const change = target.exists ? 'modify' : 'create';
      return [{ kind: 'write', path: target.path, change }];
    },
    preview: (call, place) => files.preview(() => plan(call, place)),
    run: (call, context) =>
      withFailuresTold(async () =>
        toldChanges(await files.change(context, () => plan(call, context))),
      ),
  });
}

/** Nobody's text is overwritten that this session has not seen. */
function refuseUnseen({ before, target }: Draft, { ledger }: ProjectFiles, session: string): void {
  if (before === undefined || before.bytes.length === 0) return;
  const knowledge = ledger.knowledge(session, target.path, before.bytes);
  if (knowledge === 'current') return;
  const why =
    knowledge === 'unread'
      ? 'is there already and was not read in this session'
      : 'has changed on disk since it was read or written here';
  throw new RpcError(
    'failed_precondition',
    `${target.shown} ${why}: read it first, so that nothing in it is lost`,
  );
}

function replaced(draft: Draft, content: string): FileChange | undefined {
  const { before, form, target } = draft;
  const text = form.hasMark ? content.replace(/^\ufeff/, '') : content;
  const ended = text.includes('\r\n') ? text : withLineEnds(text, form.lineEnd);
  // What Latin-1 cannot write makes the file UTF-8: all of its text is new.
  const fits = form.encoding !== 'latin1' || !/[^\0-\xff]/u.test(ended);
  const after = encodeText(ended, fits ? form : newTextForm);
  if (before && Buffer.compare(before.bytes, after) === 0) return undefined;
  return { target, before, after };
}
