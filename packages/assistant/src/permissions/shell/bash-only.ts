import type { SyntaxNode } from 'unbash';

/** What a plain `sh` has no word for, or reads otherwise. */
export const bashOnly: ReadonlySet<SyntaxNode['type']> = new Set([
  'ArithmeticCommand',
  'ArithmeticFor',
  'TestCommand',
  'Select',
  'AnsiCQuoted',
  'LocaleString',
  'ProcessSubstitution',
  'BraceExpansion',
  'HereString',
  'ArrayValue',
  'FileDescriptorVariable',
  'Time',
  'ExtendedGlob',
]);
