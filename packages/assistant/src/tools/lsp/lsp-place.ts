import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { CodeLocation } from '../../lsp/locations.ts';
import type { PlaceQuery } from '../../lsp/queries.ts';
import type { Action } from '../../permissions/action.ts';
import { type PathPlace, type ResolvedPath, resolvePath } from '../../project/resolve-path.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { ToolContext, ToolPlace } from '../tool.ts';

/** A place in a file, as models name it. */
export const placeFields = {
  path: z.string().describe('File, relative to the working folder or absolute'),
  symbol: z
    .string()
    .optional()
    .describe('The name that is meant, as it is written in the file; surer than a column'),
  line: z.int().min(1).optional().describe('Line, from 1: with symbol, the line that it is near'),
  column: z.int().min(1).optional().describe('Column in characters, from 1; not with symbol'),
};

export const placeInput = z.strictObject(placeFields);

export type PlaceInput = z.output<typeof placeInput>;

/** The file that is asked about is read. */
export async function readsFile({ path }: { path: string }, place: ToolPlace): Promise<Action[]> {
  return [{ kind: 'read', path: (await resolvePath(place, path)).path }];
}

/** The file that is asked about. Throws where it is not in the project, or was not allowed. */
export async function allowedFile(path: string, context: ToolContext): Promise<ResolvedPath> {
  const target = await fileOfProject(path, context);
  requireAllowed(context.allowed, 'read', target.path);
  return target;
}

export async function fileOfProject(path: string, place: PathPlace): Promise<ResolvedPath> {
  const target = await resolvePath(place, path);
  if (!target.isInside) {
    const message = `${path} is outside the project: language servers are asked about its own files`;
    throw new RpcError('permission_denied', message);
  }
  return target;
}

/** The question about a place in the file that its path was found to be. */
export function queryAt(
  { symbol, line, column }: PlaceInput,
  { path }: ResolvedPath,
  { project }: PathPlace,
): PlaceQuery {
  return {
    project,
    path,
    ...(symbol !== undefined && { symbol }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  };
}

/** `src/a.ts:3:5`, relative to the project; files elsewhere are absolute. */
export function shownPlace(
  { project }: PathPlace,
  path: string,
  start: { line: number; column: number },
): string {
  return `${shownPath(project.root, path)}:${start.line}:${start.column}`;
}

export function shownPath(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** A line for each place, without those in files that must not be read. */
export function shownLocations(locations: readonly CodeLocation[], context: ToolContext): string[] {
  return locations
    .filter(({ path }) => context.hides?.(path) !== true)
    .map(({ path, span, text }) =>
      `${shownPlace(context, path, span.start)}: ${text}`.replace(/: $/, ''),
    );
}
