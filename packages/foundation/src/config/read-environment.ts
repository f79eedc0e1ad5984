import { z } from 'zod';
import { languageServerSchema } from './assistant-schema.ts';
import { jwtIssuerSchema } from './auth-schema.ts';
import { certificateRuleSchema } from './certificates-schema.ts';
import { type ConfigFault, formatPath } from './config-fault.ts';
import { environmentName, environmentPart } from './config-keys.ts';
import { guardrailSchema, policySchema } from './guardrails-schema.ts';
import { mcpRuleSchema } from './mcp-policy-schema.ts';
import { mcpServerSchema } from './mcp-schema.ts';
import { type RawConfig, type RawEntry, TextValue } from './raw-config.ts';
import {
  modelSchema,
  priceSchema,
  projectSchema,
  providerSchemas,
  sectionSchemas,
  tierSchema,
} from './schema.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where tables with names of the user's are, and their keys; the longest path first. */
const namedTables: readonly (readonly [path: readonly string[], keys: readonly string[]])[] = [
  [['auth', 'jwt'], Object.keys(jwtIssuerSchema.shape)],
  [['auth', 'mtls'], Object.keys(certificateRuleSchema.shape)],
  [['limits', 'tiers'], Object.keys(tierSchema.shape)],
  [['mcp', 'servers'], Object.keys(mcpServerSchema.shape)],
  [['mcp', 'rules'], Object.keys(mcpRuleSchema.shape)],
  [['assistant', 'lsp'], Object.keys(languageServerSchema.shape)],
  [
    ['providers'],
    [...new Set(Object.values(providerSchemas).flatMap((each) => Object.keys(each.shape)))],
  ],
  [['models'], Object.keys(modelSchema.shape)],
  [['prices'], Object.keys(priceSchema.shape)],
  [['guardrails'], Object.keys(guardrailSchema.shape)],
  [['policies'], Object.keys(policySchema.shape)],
  [['projects'], Object.keys(projectSchema.shape)],
];

/**
 * Lays environment variables over the file; an empty variable counts as not set. The name of a
 * provider or alias that the file does not have is taken from the variable, in lower case. What
 * looks like a variable of ours and names no key is told in `faults`, to be shown as warnings: the
 * environment is not ours alone.
 */
export function overlayEnvironment(file: RawConfig, environment: Environment): RawConfig {
  const entries = new Map(file.entries);
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!text || !variable.startsWith('ZEKE_')) continue;
    const origin = { kind: 'environment', variable } as const;
    const found = pathOf(variable, file);
    if (found === 'not ours') continue;
    if (found === 'unknown') {
      faults.push({ origin, path: '', message: 'there is no such key; it is ignored' });
      continue;
    }
    const entry: RawEntry = { path: found, value: new TextValue(text), origin };
    removeBelow(entries, found);
    entries.set(formatPath(found), entry);
  }
  return { entries, tables: file.tables, faults };
}

function pathOf(variable: string, file: RawConfig): string[] | 'unknown' | 'not ours' {
  for (const [path, keys] of namedTables) {
    const prefix = `${environmentName(path)}_`;
    if (!variable.startsWith(prefix)) continue;
    return pathInTables(path, keys, variable.slice(prefix.length), file);
  }
  for (const [section, schema] of Object.entries(sectionSchemas)) {
    if (!variable.startsWith(`${environmentName([section])}_`)) continue;
    return pathInTable(variable, [section], schema) ?? 'unknown';
  }
  return 'not ours';
}

/** The path of a key of ours, in a table or in one of ours within it. */
function pathInTable(
  variable: string,
  path: readonly string[],
  schema: z.ZodObject,
): string[] | undefined {
  for (const [key, value] of Object.entries(schema.shape)) {
    const below = [...path, key];
    const name = environmentName(below);
    const table = tableOf(value);
    if (table === undefined ? name === variable : variable.startsWith(`${name}_`)) {
      return table === undefined ? below : pathInTable(variable, below, table);
    }
  }
  return undefined;
}

function tableOf(schema: z.core.$ZodType): z.ZodObject | undefined {
  const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return bare instanceof z.ZodObject ? bare : undefined;
}

/** `rest` is `OPENAI_API_KEY`: a table's name and a key, of which either may have underscores. */
function pathInTables(
  path: readonly string[],
  keys: readonly string[],
  rest: string,
  file: RawConfig,
): string[] | 'unknown' {
  for (const name of tableNames(path, file)) {
    const prefix = `${environmentPart(name)}_`;
    const key = keys.find((each) => rest === prefix + environmentPart(each));
    if (key !== undefined) return [...path, name, key];
  }
  // A price belongs to a model's name, which an environment variable cannot spell.
  if (path[0] === 'prices') return 'unknown';
  const endings = keys.filter((key) => rest.endsWith(`_${environmentPart(key)}`));
  const [key] = endings.sort((left, right) => right.length - left.length);
  if (key === undefined) return 'unknown';
  return [...path, rest.slice(0, -key.length - 1).toLowerCase(), key];
}

function tableNames(above: readonly string[], file: RawConfig): Set<string> {
  const names = new Set<string>();
  for (const { path } of [...file.tables.values(), ...file.entries.values()]) {
    const name = path[above.length];
    if (name !== undefined && above.every((part, index) => path[index] === part)) names.add(name);
  }
  return names;
}

/** A variable for a whole table, `headers`, stands in place of what the file has in it. */
function removeBelow(entries: Map<string, RawEntry>, path: readonly string[]): void {
  for (const [key, entry] of entries) {
    const below =
      entry.path.length > path.length && path.every((part, index) => entry.path[index] === part);
    if (below) entries.delete(key);
  }
}
