import { z } from 'zod';
import { isTable, type RawTree, TextValue } from './raw-config.ts';
import { providerTypes } from './resolved-config.ts';
import { schemaAt } from './schema-at.ts';

/**
 * Puts in the place of every text (from the environment, or through a reference) what its key
 * takes. A text that is no such thing stays, for the schema to refuse.
 */
export function readTextValues(tree: RawTree): void {
  readProviderTypes(tree);
  readTable(tree, [], tree);
}

/** `[providers.openai]` needs no `type = "openai"`. The type comes first: it picks the schema. */
function readProviderTypes(tree: RawTree): void {
  const { providers } = tree;
  if (!isTable(providers)) return;
  for (const [name, table] of Object.entries(providers)) {
    if (!isTable(table)) continue;
    table.type ??= providerTypes.find((type) => type === name);
    if (table.type instanceof TextValue) table.type = table.type.text;
  }
}

function readTable(table: RawTree, path: readonly string[], tree: RawTree): void {
  for (const [key, value] of Object.entries(table)) {
    const below = [...path, key];
    if (isTable(value)) readTable(value, below, tree);
    else if (value instanceof TextValue) table[key] = read(value.text, schemaAt(below, tree));
  }
}

function read(text: string, schema: z.core.$ZodType | undefined): RawTree[string] {
  if (schema instanceof z.ZodNumber) return text.trim() === '' ? text : Number(text);
  if (schema instanceof z.ZodUnion) return /^\d+$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) return readBoolean(text);
  if (schema instanceof z.ZodArray) return readList(text);
  if (schema instanceof z.ZodRecord) return readMap(text, schema.valueType);
  return text;
}

function readBoolean(text: string): boolean | string {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : text;
}

/** `a, b` or a JSON array. */
function readList(text: string): RawTree[string] {
  if (text.trimStart().startsWith('[')) return readJson(text);
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

/** `name=value, other=value` or a JSON object. */
function readMap(text: string, values: z.core.$ZodType): RawTree[string] {
  if (text.trimStart().startsWith('{')) return readJson(text);
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length < 2)) return text;
  return Object.fromEntries(
    pairs.map(([name = '', ...rest]) => [name.trim(), read(rest.join('=').trim(), values)]),
  );
}

function readJson(text: string): RawTree[string] {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
