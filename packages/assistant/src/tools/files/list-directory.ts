import type { Dirent } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { resolvePath } from '../../project/resolve-path.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { fileFault } from './file-fault.ts';

/** Entries of one answer. */
const maxEntries = 1_000;
const maxDepth = 5;

const input = z.strictObject({
  path: z.string().default('.').describe('Folder, relative to the working folder or absolute'),
  depth: z.number().int().min(1).max(maxDepth).default(1).describe('Levels of folders to go into'),
});

type Input = z.output<typeof input>;

/** Lists a folder, and folders in it. */
export function listDirectoryTool(): Tool<Input> {
  return defineTool({
    name: 'list_directory',
    description: `Lists a folder: folders end in "/", links say where they lead, files have their size in bytes. Folders are gone into up to depth, but for .git and node_modules. ${maxEntries} entries at most: use glob to find files by name.`,
    isReadOnly: true,
    input,
    actions: async ({ path }, place) => [
      { kind: 'read', path: (await resolvePath(place, path)).path },
    ],
    run: (call, context) => withFailuresTold(() => list(call, context)),
  });
}

async function list({ depth, path }: Input, context: ToolContext): Promise<ToolOutput> {
  const target = await resolvePath(context, path);
  requireAllowed(context.allowed, 'read', target.path);
  const rows: string[] = [];
  const isWhole = await listInto(rows, target.path, depth, '', context.signal).catch((cause) => {
    throw fileFault(target.shown, cause);
  });
  const shown = rows.slice(0, maxEntries);
  const cut = isWhole
    ? ''
    : `\n(There are more than these ${maxEntries}: list a folder below, or use glob.)`;
  return {
    text: rows.length === 0 ? `${target.shown} is empty.` : `${shown.join('\n')}${cut}`,
    summary: `${target.shown}: ${isWhole ? '' : 'over '}${shown.length} entries`,
  };
}

/** False where there were too many. */
async function listInto(
  rows: string[],
  folder: string,
  depth: number,
  indent: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) throw new RpcError('canceled', 'the call was canceled');
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort(byKindAndName);
  for (const entry of entries) {
    if (rows.length >= maxEntries) return false;
    rows.push(indent + (await rowOf(folder, entry)));
    if (!entry.isDirectory() || depth === 1 || notGoneInto.has(entry.name)) continue;
    // One that may not be looked into stands there all the same.
    const below = listInto(rows, join(folder, entry.name), depth - 1, `${indent}  `, signal);
    if (!(await below.catch(unlessCanceled))) return false;
  }
  return true;
}

const notGoneInto: ReadonlySet<string> = new Set(['.git', 'node_modules']);

function byKindAndName(one: Dirent, other: Dirent): number {
  const kinds = Number(other.isDirectory()) - Number(one.isDirectory());
  return kinds !== 0 ? kinds : one.name < other.name ? -1 : 1;
}

async function rowOf(folder: string, entry: Dirent): Promise<string> {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return `${entry.name}/`;
  if (entry.isSymbolicLink()) return `${entry.name} -> ${await readlink(path).catch(() => '?')}`;
  const facts = await stat(path).catch(() => undefined);
  return facts ? `${entry.name} (${facts.size})` : entry.name;
}

function unlessCanceled(reason: unknown): boolean {
  if (reason instanceof RpcError) throw reason;
  return true;
}
