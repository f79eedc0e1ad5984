import { FeatureSet_EnforceNamingStyle } from '@bufbuild/protobuf/wkt';
import { featuresOf } from '../linker/features.ts';
import { SchemaFile } from '../linker/schema-file.ts';
import type { DeclaredSymbol } from '../linker/symbols.ts';

/** How a name is to be written, by what it names. */
export interface NamedAs {
  readonly what: string;
  readonly style: 'title' | 'lower-snake' | 'upper-snake' | 'package';
  readonly name: string;
}

/**
 * Reports a name that is not in the style that edition 2024 asks for.
 * Source: https://protobuf.dev/programming-guides/style/
 */
export function checkName(of: DeclaredSymbol | SchemaFile, proto: object, as: NamedAs): void {
  const file = of instanceof SchemaFile ? of : of.file;
  if (of !== file && !isEnforced(of as DeclaredSymbol)) return;
  const rule = rules[as.style];
  if (as.name === '' || rule.pattern.test(as.name)) return;
  file.report(
    proto,
    'name',
    `${as.what} ${as.name} is not written ${rule.example}; rename it, ` +
      'or set features.enforce_naming_style = STYLE_LEGACY',
  );
}

function isEnforced(symbol: DeclaredSymbol): boolean {
  return featuresOf(symbol).enforceNamingStyle === FeatureSet_EnforceNamingStyle.STYLE2024;
}

const rules = {
  title: { pattern: /^[A-Z][A-Za-z0-9]*$/, example: 'LikeThis' },
  'lower-snake': { pattern: /^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*$/, example: 'like_this' },
  'upper-snake': { pattern: /^[A-Z][A-Z0-9]*(?:_[A-Z][A-Z0-9]*)*$/, example: 'LIKE_THIS' },
  package: { pattern: /^[a-z][a-z0-9.]*(?:_[a-z][a-z0-9.]*)*$/, example: 'like_this.and_this' },
} as const;
