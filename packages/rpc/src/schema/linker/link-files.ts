import type { LoadedFile } from '../load-files.ts';
import { interpretOptions } from '../options/interpret-options.ts';
import { TooManyProblems } from '../source-text.ts';
import { validateFile } from '../validate/validate-file.ts';
import { descriptorFileName, wellKnownFile } from '../well-known-files.ts';
import { indexExtensions } from './index-extensions.ts';
import { indexFile } from './index-file.ts';
import { jsonNames } from './json-names.ts';
import { resolveTypes } from './resolve-types.ts';
import { SchemaFile } from './schema-file.ts';
import type { ExtensionTable, MessageSymbol, SymbolTable } from './symbols.ts';

/**
 * Links files, each of which comes after its imports. What is wrong goes to their sources; a file
 * that cannot be read, or imports one that has problems, is not looked at further, as most of what
 * would be found would not be its own.
 */
export function linkFiles(files: readonly LoadedFile[]): SchemaFile[] {
  const table: SymbolTable = new Map();
  const extensions: ExtensionTable = new Map();
  const linked = new Map<string, SchemaFile>();
  for (const { proto, parsed } of files) {
    const names = [...proto.dependency, ...proto.optionDependency];
    const isSound = names.every((name) => linked.has(name));
    if (!isSound || (parsed?.source.problems.length ?? 0) > 0) continue;
    const file = new SchemaFile(proto, parsed, (name) => linked.get(name) as SchemaFile);
    try {
      linkFile(file, table, extensions);
    } catch (error) {
      if (!(error instanceof TooManyProblems)) throw error;
    }
    file.finish();
    if ((parsed?.source.problems.length ?? 0) === 0) linked.set(proto.name, file);
  }
  return [...linked.values()];
}

function linkFile(file: SchemaFile, table: SymbolTable, extensions: ExtensionTable): void {
  indexFile(file, table);
  resolveTypes(file, table);
  indexExtensions(file, extensions);
  if (file.parsed === undefined) return;
  interpretOptions(file, table, (name) => optionsMessage(name, table));
  jsonNames(file);
  validateFile(file);
}

/** From the sources if `descriptor.proto` is among them, else the embedded one. */
function optionsMessage(fullName: string, table: SymbolTable): MessageSymbol | undefined {
  const symbol = table.get(fullName) ?? embeddedTable().get(fullName);
  return symbol?.kind === 'message' ? symbol : undefined;
}

let embedded: SymbolTable | undefined;

function embeddedTable(): SymbolTable {
  if (embedded !== undefined) return embedded;
  embedded = new Map();
  const proto = wellKnownFile(descriptorFileName);
  if (proto === undefined) return embedded;
  linkFile(
    new SchemaFile(proto, undefined, () => {
      throw new Error(`${descriptorFileName} imports nothing`);
    }),
    embedded,
    new Map(),
  );
  return embedded;
}
