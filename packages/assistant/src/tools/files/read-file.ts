import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { nearest, readBounded } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { type ResolvedPath, resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { maxWholeFileBytes } from './file-change.ts';
import { imageOutput } from './image-output.ts';
import { type OpenedFile, openFile } from './open-file.ts';
import type { ProjectFiles } from './project-files.ts';
import { readLines } from './read-lines.ts';
import { type ShownLines, showLines } from './show-lines.ts';
import { decodeText } from './text-form.ts';
import { TextLines } from './text-lines.ts';

const defaultLines = 2_000;
const maxLines = 10_000;
/** Of the text that a call gives; the rest is read by further calls. */
const maxOutputBytes = 64 * 1024;
/** Names told where there is no such file. */
const maxNearNames = 3;

const input = z.strictObject({
  path: z.string().describe('File, relative to the working folder or absolute'),
  offset: z.number().int().min(1).default(1).describe('First line, counted from 1'),
  limit: z.number().int().min(1).max(maxLines).default(defaultLines).describe('Lines at most'),
  plain: z.boolean().default(false).describe('Without line numbers'),
  again: z.boolean().default(false).describe('All of it, though it was shown before'),
});

type Input = z.output<typeof input>;

/** Reads a text file, some of its lines, or an image. */
export function readFileTool(files: ProjectFiles): Tool<Input> {
  return defineTool({
    name: 'read_file',
    aliases: ['readFile'],
    description: `Reads a file: each line after its number and a tab. Up to ${defaultLines} lines or ${maxOutputBytes / 1024} KiB come at once; offset and limit give the rest, of files of any size. Images (PNG, JPEG, GIF, WebP) are shown. Other binary files are refused. What this conversation has already is referred to, or told by its difference.`,
    isReadOnly: true,
    input,
    actions: async ({ path }, place) => [
      { kind: 'read', path: (await resolvePath(place, path)).path },
    ],
    run: (call, context) => withFailuresTold(() => read(call, context, files)),
  });
}

async function read(call: Input, context: ToolContext, files: ProjectFiles): Promise<ToolOutput> {
  const target = await resolvePath(context, call.path);
  requireAllowed(context.allowed, 'read', target.path);
  if (!target.exists) throw await notThere(target);
  await using file = await openFile(target);
  const bytes = await readBounded(file.handle, maxWholeFileBytes);
  if (bytes === undefined) return await readRange(call, target, file, context);
  const image = imageOutput(target.shown, bytes);
  if (image) return image;
  files.ledger.note(context.sessionId, target.path, bytes);
  return readText(call, target, bytes);
}

function readText(call: Input, target: ResolvedPath, bytes: Uint8Array): ToolOutput {
  const decoded = decodeText(bytes);
  if (decoded === undefined) throw binary(target.shown);
  const { encoding, text } = decoded;
  const { lines } = new TextLines(text.replaceAll('\r\n', '\n'));
  const wanted = lines.slice(call.offset - 1, call.offset - 1 + call.limit);
  const shown = showLines(wanted, call, maxOutputBytes);
  const note =
    encoding === 'latin1' ? notUtf8 : encoding === 'utf-8' ? '' : `\n(It is ${encoding}.)`;
  const output = told(target, call, shown, { total: lines.length, note });
  if (shown.count === 0) return output;
  const { again, limit, offset, plain } = call;
  const shownFile = {
    path: target.shown,
    told: output.text,
    text: wanted.slice(0, shown.count).join('\n'),
    first: offset,
    limit,
    isWhole: offset === 1 && shown.count === lines.length,
    isNumbered: !plain,
    isAgain: again,
  };
  return { ...output, shownFile };
}

/** Of a file that is too large to be held whole. */
async function readRange(
  call: Input,
  target: ResolvedPath,
  { facts, handle }: OpenedFile,
  { signal }: ToolContext,
): Promise<ToolOutput> {
  const head = Buffer.alloc(lookedAtBytes);
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  if (head.subarray(0, bytesRead).includes(0)) throw binary(target.shown);
  const request = { first: call.offset, count: call.limit, maxBytes: maxOutputBytes };
  const { hasMore, lines, linesSeen } = await readLines(handle, request, signal);
  const decoded = decodeText(Buffer.concat(lines.flatMap((line) => [line, newLine])));
  if (decoded === undefined) throw binary(target.shown);
  const { lines: texts } = new TextLines(decoded.text.replaceAll('\r\n', '\n'));
  const shown = showLines(texts, call, maxOutputBytes);
  const size = `\n(The file has ${Math.round(facts.sizeBytes / 1024 / 1024)} MiB; grep finds lines in it.)`;
  const note = decoded.encoding === 'latin1' ? notUtf8 + size : size;
  return told(target, call, shown, { total: hasMore ? undefined : linesSeen, note });
}

/** As many as `decodeText` looks at. */
const lookedAtBytes = 8_000;
const newLine = Buffer.from('\n');
const notUtf8 = '\n(It is not UTF-8 and was read as Latin-1.)';

function told(
  { shown: path }: ResolvedPath,
  call: Input,
  { count, text }: ShownLines,
  { note, total }: { readonly total: number | undefined; readonly note: string },
): ToolOutput {
  if (total === 0) return { text: `${path} is empty.${note}`, summary: `${path}: empty` };
  if (count === 0) {
    const end = total === undefined ? '' : `: the file has ${total} lines`;
    throw new RpcError('out_of_range', `${path} has no line ${call.offset}${end}`);
  }
  const last = call.offset + count - 1;
  const isWhole = call.offset === 1 && last === total;
  const range = isWhole ? `${count} lines` : `lines ${call.offset}-${last}`;
  const of = isWhole ? '' : ` of ${total ?? 'more'}`;
  const more = last === total ? '' : `\n(These are ${range}${of}. Go on with offset ${last + 1}.)`;
  return { text: `${text}${more}${note}`, summary: `${path}: ${range}${of}` };
}

function binary(shown: string): RpcError {
  return new RpcError(
    'failed_precondition',
    `${shown} is binary: it is not shown; use a command that understands it by the tool shell`,
  );
}

async function notThere({ path, shown }: ResolvedPath): Promise<RpcError> {
  const names = await readdir(dirname(path)).catch(() => []);
  const near = nearest(basename(path), names).slice(0, maxNearNames);
  const hint = near.length > 0 ? `near it: ${near.join(', ')}` : 'look with list_directory or glob';
  return new RpcError('not_found', `${shown} is not there; ${hint}`);
}
