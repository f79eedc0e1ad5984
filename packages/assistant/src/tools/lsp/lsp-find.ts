import type { LanguageServers } from '../../lsp/language-servers.ts';
import { definitionsAt, type FoundLocations, hoverAt, referencesAt } from '../../lsp/queries.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import {
  allowedFile,
  type PlaceInput,
  placeInput,
  queryAt,
  readsFile,
  shownLocations,
  shownPlace,
} from './lsp-place.ts';

/** Longest description that models are shown. */
const maxHoverCharacters = 8_000;
/** Places that models are shown. */
const maxShownPlaces = 200;

/** Where something is defined. */
export function lspDefinitionTool(servers: LanguageServers): Tool<PlaceInput> {
  return defineTool({
    name: 'lsp_definition',
    description:
      'Tells where what stands at a place is defined, as the language server knows it: exact, also across files and through imports. Name the place by symbol, with the line that it is near, or by line and column.',
    isReadOnly: true,
    input: placeInput,
    actions: readsFile,
    run: (input, context) =>
      withFailuresTold(async () => {
        const query = queryAt(input, await allowedFile(input.path, context), context);
        const found = await definitionsAt(servers, query, context.signal);
        return told(found, query.path, 'definition', context);
      }),
  });
}

/** Where something is used. */
export function lspReferencesTool(servers: LanguageServers): Tool<PlaceInput> {
  return defineTool({
    name: 'lsp_references',
    description: `Tells every place where what stands at a place is used, its definition too: exact, where grep also finds namesakes. ${maxShownPlaces} places at most. Use it before changing what others call.`,
    isReadOnly: true,
    input: placeInput,
    actions: readsFile,
    run: (input, context) =>
      withFailuresTold(async () => {
        const query = queryAt(input, await allowedFile(input.path, context), context);
        const found = await referencesAt(servers, query, context.signal);
        return told(found, query.path, 'reference', context);
      }),
  });
}

/** What something is. */
export function lspHoverTool(servers: LanguageServers): Tool<PlaceInput> {
  return defineTool({
    name: 'lsp_hover',
    description:
      'Tells the type and the documentation of what stands at a place, as an editor shows them.',
    isReadOnly: true,
    input: placeInput,
    actions: readsFile,
    run: (input, context) =>
      withFailuresTold(async () => {
        const query = queryAt(input, await allowedFile(input.path, context), context);
        const { place, text } = await hoverAt(servers, query, context.signal);
        const at = shownPlace(context, query.path, place);
        const shown = text.slice(0, maxHoverCharacters);
        return {
          text: text === '' ? `Nothing is known of what stands at ${at}.` : `${at}\n${shown}`,
          summary: at,
        };
      }),
  });
}

function told(
  { locations, place, total }: FoundLocations,
  path: string,
  what: string,
  context: ToolContext,
): ToolOutput {
  const at = shownPlace(context, path, place);
  const lines = shownLocations(locations, context);
  if (lines.length === 0) {
    const text = `No ${what} was found of what stands at ${at}.`;
    return { text, summary: `no ${what}` };
  }
  const shown = lines.slice(0, maxShownPlaces);
  const left = Math.max(total - locations.length, 0) + lines.length - shown.length;
  const more = left === 0 ? '' : `\n(${left} more are left out: ask about something narrower.)`;
  const counted = lines.length === 1 ? `1 ${what}` : `${lines.length} ${what}s`;
  return { text: `Of ${at}:\n${shown.join('\n')}${more}`, summary: `${counted} of ${at}` };
}
