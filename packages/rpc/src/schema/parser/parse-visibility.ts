import { Edition, SymbolVisibility } from '@bufbuild/protobuf/wkt';
import type { ParseState } from './parse-state.ts';

/** `export` or `local` before a message or an enum, from edition 2024 on. */
export function parseVisibility(state: ParseState): SymbolVisibility | undefined {
  if (state.edition < Edition.EDITION_2024) return undefined;
  const isModifier = state.at('export') || state.at('local');
  if (!isModifier) return undefined;
  const { text } = state.take();
  if (!state.at('message') && !state.at('enum')) {
    state.fail(`"${text}" stands before a message or an enum only; remove it`, state.previous);
  }
  return text === 'export' ? SymbolVisibility.VISIBILITY_EXPORT : SymbolVisibility.VISIBILITY_LOCAL;
}
