import { z } from 'zod';

/*
 * What servers answer, as far as it is read: tolerant of all else. Source: Language Server Protocol 3.18.
 */

/** Of `initialize`: what the server can, of which only what counts columns is one of a few words. */
export const initializeSchema = z
  .object({
    capabilities: z
      .looseObject({ positionEncoding: z.enum(['utf-8', 'utf-16', 'utf-32']).optional() })
      .default({}),
  })
  .catch({ capabilities: {} });

const positionSchema = z.object({ line: z.int().min(0), character: z.int().min(0) });
const rangeSchema = z.object({ start: positionSchema, end: positionSchema });

const locationSchema = z
  .object({ uri: z.string(), range: rangeSchema })
  .transform(({ uri, range }) => ({ uri, range }));
const locationLinkSchema = z
  .object({ targetUri: z.string(), targetSelectionRange: rangeSchema })
  .transform(({ targetUri, targetSelectionRange }) => ({
    uri: targetUri,
    range: targetSelectionRange,
  }));

/** Of `textDocument/definition` and `references`: places, however they are written. */
export const locationsSchema = z
  .union([
    z.null(),
    locationSchema.transform((one) => [one]),
    z.array(z.union([locationLinkSchema, locationSchema])),
  ])
  .transform((places) => places ?? []);

const markedSchema = z.union([
  z.string(),
  z.object({ kind: z.string(), value: z.string() }).transform(({ value }) => value),
  z
    .object({ language: z.string(), value: z.string() })
    .transform(({ language, value }) => `\`\`\`${language}\n${value}\n\`\`\``),
]);

/** Of `textDocument/hover`: Markdown, empty where there is nothing. */
export const hoverSchema = z
  .object({
    contents: z.union([
      markedSchema,
      z.array(markedSchema).transform((parts) => parts.join('\n\n')),
    ]),
  })
  .nullable()
  .transform((hover) => hover?.contents ?? '');

/** A symbol in another, as `textDocument/documentSymbol` has them. */
export interface NestedSymbol {
  readonly name: string;
  readonly kind: number;
  readonly range: z.output<typeof rangeSchema>;
  readonly containerName: string;
  readonly children: readonly NestedSymbol[];
}

const nestedSymbolSchema: z.ZodType<NestedSymbol> = z.lazy(() =>
  z.object({
    name: z.string(),
    kind: z.int(),
    range: rangeSchema,
    containerName: z.string().default(''),
    children: z.array(nestedSymbolSchema).default([]),
  }),
);

const flatSymbolSchema = z
  .object({
    name: z.string(),
    kind: z.int(),
    location: z.object({ uri: z.string(), range: rangeSchema.optional() }),
    containerName: z.string().nullish(),
  })
  .transform(({ containerName, ...symbol }) => ({ ...symbol, containerName: containerName ?? '' }));

/** Of `textDocument/documentSymbol`; those that older servers list flat have no children. */
export const documentSymbolsSchema = z
  .array(
    z.union([
      nestedSymbolSchema,
      flatSymbolSchema.transform(({ location, ...symbol }, context): NestedSymbol => {
        if (location.range !== undefined) return { ...symbol, range: location.range, children: [] };
        context.addIssue('a symbol of a file has no range');
        return z.NEVER;
      }),
    ]),
  )
  .nullable()
  .transform((symbols) => symbols ?? []);

/** Of `workspace/symbol`. */
export const workspaceSymbolsSchema = z
  .array(flatSymbolSchema)
  .nullable()
  .transform((symbols) => symbols ?? []);

const textEditSchema = z.object({ range: rangeSchema, newText: z.string() });

export type TextEdit = z.output<typeof textEditSchema>;

/** Of `textDocument/rename`. */
export const workspaceEditSchema = z
  .object({
    changes: z.record(z.string(), z.array(textEditSchema)).nullish(),
    documentChanges: z
      .array(
        z.union([
          z.object({ kind: z.string() }),
          z.object({
            textDocument: z.object({ uri: z.string() }),
            edits: z.array(textEditSchema),
          }),
        ]),
      )
      .nullish(),
  })
  .nullable();

/** Of `textDocument/diagnostic`; the items are checked one by one. */
export const diagnosticReportSchema = z
  .object({ items: z.array(z.unknown()).default([]) })
  .nullable()
  .transform((report) => report?.items ?? []);
