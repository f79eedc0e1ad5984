import { RpcError } from '@zeke/rpc';
import type { PositionEncodingKind } from 'vscode-languageserver-protocol';
import type { z } from 'zod';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { type TextEdit, workspaceEditSchema } from './answers.ts';
import { requireCapability } from './language-server.ts';
import type { LanguageServers } from './language-servers.ts';
import { type Place, toOffset } from './positions.ts';
import { pathOf } from './published-diagnostics.ts';
import { atPlace, type PlaceQuery } from './queries.ts';

/** What a rename would change: in files of the project and nowhere else. */
export interface PlannedRename {
  /** What was asked about. */
  readonly place: Place;
  /** By absolute path: what turns a file's text into the new one. */
  readonly files: ReadonlyMap<string, (text: string) => string>;
}

/**
 * How the server of a file would rename what stands at a place, everywhere. Changes nothing. Throws
 * `permission_denied` where a file outside the project would change, `unimplemented` where files would be
 * moved, `failed_precondition` where the server refuses, and as `definitionsAt` does.
 */
export function planRename(
  servers: LanguageServers,
  query: PlaceQuery,
  newName: string,
  signal: AbortSignal,
): Promise<PlannedRename> {
  return atPlace(servers, query, signal, async ({ server, at, place }) => {
    requireCapability(server, 'renameProvider', 'how something is renamed');
    const params = { ...at, newName };
    const answer = await server.request('textDocument/rename', params, workspaceEditSchema, signal);
    const files = new Map<string, (text: string) => string>();
    for (const [path, edits] of editsByFile(answer, query.project)) {
      files.set(path, (text) => applied(text, edits, server.encoding, path));
    }
    if (files.size > 0) return { place, files };
    throw new RpcError(
      'failed_precondition',
      `${server.name} finds nothing to rename there: name the place of a symbol that this project declares`,
    );
  });
}

function editsByFile(
  answer: z.output<typeof workspaceEditSchema>,
  project: Project,
): Map<string, TextEdit[]> {
  const byUri = answer?.documentChanges ? [] : Object.entries(answer?.changes ?? {});
  for (const change of answer?.documentChanges ?? []) {
    if ('kind' in change) {
      const message = `this rename would ${change.kind} a file too, which a rename does not do here`;
      throw new RpcError('unimplemented', message);
    }
    byUri.push([change.textDocument.uri, change.edits]);
  }
  const files = new Map<string, TextEdit[]>();
  for (const [uri, edits] of byUri) {
    const path = pathOf(uri);
    if (path === undefined || !isWithin(project.root, path)) {
      const message = `this rename would change ${path ?? uri}, which is outside the project`;
      throw new RpcError('permission_denied', message);
    }
    files.set(path, [...(files.get(path) ?? []), ...edits]);
  }
  return files;
}

/** Edits are all of the text as it was (Language Server Protocol, `TextEdit[]`): from the last to the first. */
function applied(
  text: string,
  edits: readonly TextEdit[],
  encoding: PositionEncodingKind,
  path: string,
): string {
  const placed = edits.map(({ range, newText }) => ({
    from: toOffset(text, range.start, encoding),
    to: toOffset(text, range.end, encoding),
    newText,
  }));
  placed.sort((left, right) => right.from - left.from || right.to - left.to);
  let result = text;
  let end = text.length;
  for (const { from, to, newText } of placed) {
    if (from > to || to > end) {
      const message = `the language server's changes of ${path} overlap: nothing was changed`;
      throw new RpcError('failed_precondition', message);
    }
    result = result.slice(0, from) + newText + result.slice(to);
    end = from;
  }
  return result;
}
