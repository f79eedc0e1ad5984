import { z } from 'zod';
import { languageServerSchema } from './assistant-schema.ts';
import { jwtIssuerSchema } from './auth-schema.ts';
import { certificateRuleSchema } from './certificates-schema.ts';
import { guardrailSchema, policySchema } from './guardrails-schema.ts';
import { mcpRuleSchema } from './mcp-policy-schema.ts';
import { mcpServerSchema } from './mcp-schema.ts';
import { type ProviderType, providerTypes } from './resolved-config.ts';
import {
  modelSchema,
  priceSchema,
  projectSchema,
  providerSchemas,
  sectionSchemas,
  tierSchema,
} from './schema.ts';

/** What a key takes, in words for documentation. */
export type ConfigKeyType = 'text' | 'secret' | 'integer' | 'number' | 'boolean' | 'list' | 'table';

/** One key that `zeke.toml` may hold. */
export interface ConfigKey {
  /** `server.port`, `providers.<name>.api_key`. */
  readonly path: string;
  /** `ZEKE_SERVER_PORT`, `ZEKE_PROVIDERS_<NAME>_API_KEY`. */
  readonly environment: string;
  readonly type: ConfigKeyType;
  /** The allowed words, where only some are. */
  readonly choices?: readonly string[];
  /** Absent where there is none. */
  readonly default?: unknown;
  readonly description: string;
  /** For keys of providers: the types that have it. */
  readonly providerTypes?: readonly ProviderType[];
}

/** Sections whose tables have names that users choose, with the keys of such a table. */
const namedTables = [
  [['auth', 'jwt'], jwtIssuerSchema],
  [['auth', 'mtls'], certificateRuleSchema],
  [['limits', 'tiers'], tierSchema],
  [['models'], modelSchema],
  [['prices'], priceSchema],
  [['guardrails'], guardrailSchema],
  [['policies'], policySchema],
  [['projects'], projectSchema],
  [['mcp', 'servers'], mcpServerSchema],
  [['mcp', 'rules'], mcpRuleSchema],
  [['assistant', 'lsp'], languageServerSchema],
] as const;

/** Every key with type, default and description, in the order of the documentation. */
export function configKeys(): ConfigKey[] {
  const keys = Object.entries(sectionSchemas).flatMap(([section, schema]) =>
    keysOf(schema, [section]),
  );
  return [
    ...keys,
    ...providerKeys(),
    ...namedTables.flatMap(([path, schema]) => keysOf(schema, [...path, '<name>'])),
  ];
}

/** The environment variable of a path: `server.port` → `ZEKE_SERVER_PORT`. */
export function environmentName(path: readonly string[]): string {
  return ['ZEKE', ...path].map(environmentPart).join('_');
}

/** A key or a table's name as it stands in an environment variable. */
export function environmentPart(key: string): string {
  return key.startsWith('<') ? key.toUpperCase() : key.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

function providerKeys(): ConfigKey[] {
  const merged = new Map<string, ConfigKey & { providerTypes: ProviderType[] }>();
  for (const type of providerTypes) {
    for (const key of keysOf(providerSchemas[type], ['providers', '<name>'])) {
      const known = merged.get(key.path);
      if (known === undefined) merged.set(key.path, { ...key, providerTypes: [type] });
      else known.providerTypes.push(type);
    }
  }
  return [...merged.values()].map((key) =>
    key.path === 'providers.<name>.type' ? { ...key, choices: providerTypes } : key,
  );
}

interface PropertySchema {
  readonly type?: string;
  /** A number, or a word that says it. */
  readonly anyOf?: readonly PropertySchema[];
  /** Of a table whose keys are ours. */
  readonly properties?: Readonly<Record<string, PropertySchema>>;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly secret?: boolean;
}

function keysOf(schema: z.ZodObject, prefix: readonly string[]): ConfigKey[] {
  return keysOfTable(z.toJSONSchema(schema, { io: 'output' }) as PropertySchema, prefix);
}

function keysOfTable({ properties = {} }: PropertySchema, prefix: readonly string[]): ConfigKey[] {
  const values: ConfigKey[] = [];
  const tables: ConfigKey[] = [];
  for (const [key, property] of Object.entries(properties)) {
    const path = [...prefix, key];
    if (property.properties !== undefined) tables.push(...keysOfTable(property, path));
    else values.push(keyOf(property, path));
  }
  return [...values, ...tables];
}

function keyOf(property: PropertySchema, path: readonly string[]): ConfigKey {
  return {
    path: path.join('.'),
    environment: environmentName(path),
    type: typeOf(property),
    ...(property.enum === undefined ? {} : { choices: property.enum }),
    ...(property.default === undefined ? {} : { default: property.default }),
    description: property.description ?? '',
  };
}

function typeOf(property: PropertySchema): ConfigKeyType {
  if (property.secret === true) return 'secret';
  const type = property.type ?? property.anyOf?.[0]?.type;
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return type;
    case 'array':
      return 'list';
    case 'object':
      return 'table';
    default:
      return 'text';
  }
}
