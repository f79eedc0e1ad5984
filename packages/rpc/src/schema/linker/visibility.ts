import {
  FeatureSet_VisibilityFeature_DefaultSymbolVisibility as DefaultSymbolVisibility,
  Edition,
  SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import { fileFeatures } from './features.ts';
import type { SchemaFile } from './schema-file.ts';
import type { DeclaredSymbol, EnumSymbol, MessageSymbol } from './symbols.ts';

/**
 * Why a file may not name a symbol of another, undefined when it may: from edition 2024 on
 * messages and enums may be local to their file.
 * Source: https://protobuf.dev/programming-guides/symbol_visibility/
 */
export function visibilityProblem(symbol: DeclaredSymbol, file: SchemaFile): string | undefined {
  if (symbol.file === file || symbol.file.edition < Edition.EDITION_2024) return undefined;
  if (symbol.kind !== 'message' && symbol.kind !== 'enum') return undefined;
  if (isExported(symbol)) return undefined;
  return `${symbol.fullName} is local to ${symbol.file.proto.name}; export it there to name it here`;
}

function isExported(symbol: MessageSymbol | EnumSymbol): boolean {
  const { visibility } = symbol.proto;
  if (visibility !== SymbolVisibility.VISIBILITY_UNSET) {
    return visibility === SymbolVisibility.VISIBILITY_EXPORT;
  }
  switch (fileFeatures(symbol.file).defaultSymbolVisibility) {
    case DefaultSymbolVisibility.EXPORT_TOP_LEVEL:
      return symbol.parent === undefined;
    case DefaultSymbolVisibility.LOCAL_ALL:
    case DefaultSymbolVisibility.STRICT:
      return false;
    case DefaultSymbolVisibility.EXPORT_ALL:
    case DefaultSymbolVisibility.DEFAULT_SYMBOL_VISIBILITY_UNKNOWN:
      return true;
  }
}
