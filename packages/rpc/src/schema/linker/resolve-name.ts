import { wellKnownFileOf } from '../well-known-files.ts';
import type { SchemaFile } from './schema-file.ts';
import { isScope, isType, joinName, type SchemaSymbol, type SymbolTable } from './symbols.ts';

/** What a name was looked up to, or why it was not found. */
export type Resolved =
  | { readonly symbol: SchemaSymbol; readonly reason?: undefined }
  | { readonly symbol?: undefined; readonly reason: string };

export interface LookUp {
  readonly table: SymbolTable;
  readonly file: SchemaFile;
  /** The files whose symbols may be named. */
  readonly visible: ReadonlySet<SchemaFile>;
  /** Passes over what is neither message nor enum. Default false. */
  readonly typesOnly?: boolean;
}

/**
 * Finds what a name as written means in a scope, which is the full name of the declaration that
 * names it: the first part of the name is looked up from the innermost scope outwards, and the rest
 * within what it was found to be.
 * Source: https://protobuf.com/docs/language-spec#reference-resolution
 */
export function resolveName(name: string, scope: string, lookUp: LookUp): Resolved {
  if (name.startsWith('.')) return found(find(name.slice(1), lookUp), name.slice(1), lookUp);
  const dot = name.indexOf('.');
  const firstPart = dot < 0 ? name : name.slice(0, dot);
  for (let outer = parentOf(scope); outer !== ''; outer = parentOf(outer)) {
    const symbol = find(`${outer}.${firstPart}`, lookUp);
    if (symbol === undefined) continue;
    if (dot >= 0 && isScope(symbol)) {
      const fullName = `${symbol.fullName}${name.slice(dot)}`;
      const inner = find(fullName, lookUp);
      if (inner !== undefined) return { symbol: inner };
      return { reason: misled(name, fullName, lookUp) };
    }
    if (dot < 0 && (lookUp.typesOnly !== true || isType(symbol))) return { symbol };
  }
  return found(find(name, lookUp), name, lookUp);
}

/** `a.b.c` is in `a.b`, that in `a`, and that in the nameless scope. */
function parentOf(scope: string): string {
  return scope.slice(0, Math.max(0, scope.lastIndexOf('.')));
}

function find(fullName: string, { table, visible }: LookUp): SchemaSymbol | undefined {
  const symbol = table.get(fullName);
  if (symbol === undefined) return undefined;
  if (symbol.kind !== 'package') return visible.has(symbol.file) ? symbol : undefined;
  for (const file of symbol.files) if (visible.has(file)) return symbol;
  return undefined;
}

function found(symbol: SchemaSymbol | undefined, name: string, lookUp: LookUp): Resolved {
  return symbol === undefined ? { reason: unknown(name, lookUp) } : { symbol };
}

function misled(name: string, fullName: string, lookUp: LookUp): string {
  const hidden = hiddenIn(fullName, lookUp);
  if (hidden !== undefined) return hidden;
  return (
    `${name} means ${fullName} here, which does not exist, as the innermost scope goes first; ` +
    `correct it, or write .${name} for the outermost scope`
  );
}

function unknown(name: string, lookUp: LookUp): string {
  const hidden = hiddenIn(name, lookUp);
  return hidden ?? `${name} is not known; correct it, or import the file that declares it`;
}

/** Names the file to import when the symbol exists in one that is not. */
function hiddenIn(name: string, { table, file }: LookUp): string | undefined {
  let scope = file.proto.package;
  let symbol = table.get(joinName(scope, name));
  while (scope !== '' && (symbol === undefined || symbol.kind === 'package')) {
    scope = parentOf(scope);
    symbol = table.get(joinName(scope, name));
  }
  const declared = symbol?.kind === 'package' ? undefined : symbol;
  const fullName = declared?.fullName ?? name;
  const fileName = declared?.file.proto.name ?? wellKnownFileOf(name);
  if (fileName === undefined) return undefined;
  return `${fullName} is in ${fileName}, which is not imported; add import "${fileName}";`;
}
