/** What a definition can be; stored by its place in this list, so that new ones go to the end. */
const definitionKinds = [
  'function',
  'method',
  'class',
  'interface',
  'type',
  'enum',
  'constant',
  'variable',
  'field',
  'module',
  'macro',
] as const;

export type DefinitionKind = (typeof definitionKinds)[number];

export function kindNumber(kind: DefinitionKind): number {
  return definitionKinds.indexOf(kind);
}

export function kindOf(number: number): DefinitionKind {
  return definitionKinds[number] ?? 'variable';
}
