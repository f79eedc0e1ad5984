import type { HoverParams } from 'vscode-languageserver-protocol';
import type { Project } from '../project/project.ts';
import { hoverSchema, locationsSchema } from './answers.ts';
import type { OpenDocument } from './documents.ts';
import { type LanguageServer, requireCapability } from './language-server.ts';
import type { LanguageServers } from './language-servers.ts';
import { type CodeLocation, readLocations } from './locations.ts';
import { type Place, toPosition } from './positions.ts';
import { placeOf, type Target } from './target.ts';

/** A question about a place in a file of a project. */
export interface PlaceQuery extends Target {
  readonly project: Project;
  /** Absolute and resolved, in the project. */
  readonly path: string;
  /** What an editor has instead of the file on the disk. */
  readonly text?: string;
}

export interface FoundLocations {
  /** The place that was asked about. */
  readonly place: Place;
  /** Up to 500. */
  readonly locations: readonly CodeLocation[];
  readonly total: number;
}

/** Where what stands at a place is defined. Throws what `LanguageServers.use` and `placeOf` throw. */
export function definitionsAt(
  servers: LanguageServers,
  query: PlaceQuery,
  signal: AbortSignal,
): Promise<FoundLocations> {
  return atPlace(servers, query, signal, async ({ server, at, place }) => {
    requireCapability(server, 'definitionProvider', 'where something is defined');
    const answer = await server.request('textDocument/definition', at, locationsSchema, signal);
    return { place, ...(await readLocations(answer, server.encoding, query.project)) };
  });
}

/** Where what stands at a place is used, with its definition, file by file. Throws as `definitionsAt` does. */
export function referencesAt(
  servers: LanguageServers,
  query: PlaceQuery,
  signal: AbortSignal,
): Promise<FoundLocations> {
  return atPlace(servers, query, signal, async ({ server, at, place }) => {
    requireCapability(server, 'referencesProvider', 'where something is used');
    const params = { ...at, context: { includeDeclaration: true } };
    const answer = await server.request('textDocument/references', params, locationsSchema, signal);
    const { locations, total } = await readLocations(answer, server.encoding, query.project);
    return { place, locations: locations.sort(byPlace), total };
  });
}

/** What a server says about what stands at a place: its type and its documentation, in Markdown. */
export function hoverAt(
  servers: LanguageServers,
  query: PlaceQuery,
  signal: AbortSignal,
): Promise<{ place: Place; text: string }> {
  return atPlace(servers, query, signal, async ({ server, at, place }) => {
    requireCapability(server, 'hoverProvider', 'what something is');
    const text = await server.request('textDocument/hover', at, hoverSchema, signal);
    return { place, text: text.trim() };
  });
}

export interface ServerAtPlace {
  readonly server: LanguageServer;
  readonly document: OpenDocument;
  readonly place: Place;
  readonly at: HoverParams;
}

/** Asks the server of a file about a place, after it was shown the file as it is now. */
export function atPlace<T>(
  servers: LanguageServers,
  query: PlaceQuery,
  signal: AbortSignal,
  ask: (at: ServerAtPlace) => Promise<T>,
): Promise<T> {
  const { project, path, text } = query;
  return servers.use(project, path, signal, async (server) => {
    const texts = new Map(text === undefined ? [] : [[path, text]]);
    const { documents } = await server.update([path], signal, texts);
    const [document] = documents as [OpenDocument];
    const place = placeOf(query, document.lines, path);
    const position = toPosition(document.lines, place, server.encoding);
    return await ask({
      server,
      document,
      place,
      at: { textDocument: { uri: document.uri }, position },
    });
  });
}

function byPlace(left: CodeLocation, right: CodeLocation): number {
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  const [{ start: from }, { start: to }] = [left.span, right.span];
  return from.line - to.line || from.column - to.column;
}
