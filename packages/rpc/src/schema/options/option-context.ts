import { resolveName } from '../linker/resolve-name.ts';
import type { SchemaFile } from '../linker/schema-file.ts';
import {
  describeKind,
  type FieldSymbol,
  type MessageSymbol,
  type SymbolTable,
} from '../linker/symbols.ts';
import type { Place } from '../source-text.ts';
import type { OptionHolder } from './option-holder.ts';

/** What the interpretation of a file's options looks things up in. */
export interface OptionContext {
  readonly file: SchemaFile;
  readonly table: SymbolTable;
  /** The declaration that has the options. */
  readonly holder: OptionHolder;
  /** The fields that are set, and where. */
  readonly uses: OptionUse[];
}

export interface OptionUse {
  readonly holder: OptionHolder;
  readonly field: FieldSymbol;
  readonly place: Place;
}

/** Reports a problem with an option. */
export function reportOption({ file }: OptionContext, place: Place, message: string): void {
  file.source?.report(place, message);
}

/** The extension of a message that a name means in a scope; undefined when reported. */
export function findExtension(
  context: OptionContext,
  message: MessageSymbol,
  name: { readonly text: string; readonly scope: string; readonly place: Place },
): FieldSymbol | undefined {
  const { file, table } = context;
  const lookUp = { table, file, visible: file.visibleToOptions };
  const { symbol, reason } = resolveName(name.text, name.scope, lookUp);
  if (symbol === undefined) {
    reportOption(context, name.place, reason);
  } else if (symbol.kind !== 'field') {
    reportOption(context, name.place, `${name.text} is ${describeKind(symbol)}; name an extension`);
  } else if (symbol.owner?.fullName !== message.fullName) {
    const owner = symbol.owner?.fullName ?? 'an unknown message';
    reportOption(
      context,
      name.place,
      `${symbol.fullName} extends ${owner}; name an extension of ${message.fullName}`,
    );
  } else {
    file.used.add(symbol.file);
    return symbol;
  }
  return undefined;
}
