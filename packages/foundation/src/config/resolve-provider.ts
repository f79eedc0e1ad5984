import { Secret } from '../secrets/secret.ts';
import { defined } from './defined.ts';
import { pooledKeyFaults, pooledKeys } from './pooled-keys.ts';
import type { ProviderConfig, ProviderConfigBase } from './resolved-config.ts';
import type { ValidProvider } from './schema.ts';

export interface ResolvedProvider {
  readonly provider: ProviderConfig;
  /** Rules that concern several keys of the table. */
  readonly faults: readonly Remark[];
  /** What is doubtful but may be meant so. */
  readonly warnings: readonly Remark[];
}

interface Remark {
  readonly key: string;
  readonly message: string;
}

/** One provider's table in the program's names, with secrets wrapped and URLs without a last slash. */
export function resolveProvider(
  name: string,
  table: ValidProvider,
  toPath: (path: string) => string,
): ResolvedProvider {
  return {
    provider: shape(name, table, toPath),
    faults: [...pooledKeyFaults(table), ...faultsOf(table)],
    warnings: warningsOf(table),
  };
}

function shape(
  name: string,
  table: ValidProvider,
  toPath: (path: string) => string,
): ProviderConfig {
  const common = commonOf(name, table);
  const apiKey = wrap(table.api_key);
  switch (table.type) {
    case 'openai': {
      const { organization, project } = table;
      return { type: table.type, ...common, ...defined({ apiKey, organization, project }) };
    }
    case 'anthropic':
    case 'gemini':
    case 'xai':
      return { type: table.type, ...common, ...defined({ apiKey }) };
    case 'ollama':
      return { type: table.type, ...common, ...defined({ apiKey }) };
    case 'compatible':
      return {
        type: table.type,
        ...common,
        baseUrl: withoutLastSlash(table.base_url),
        ...defined({ apiKey }),
      };
    case 'azure':
      return {
        type: table.type,
        ...common,
        endpoint: withoutLastSlash(table.endpoint),
        deployments: table.deployments,
        ...defined({
          apiKey,
          apiVersion: table.api_version,
          tenantId: table.tenant_id,
          clientId: table.client_id,
          clientSecret: wrap(table.client_secret),
        }),
      };
    case 'bedrock':
      return {
        type: table.type,
        ...common,
        ...defined({
          apiKey,
          region: table.region,
          profile: table.profile,
          accessKeyId: table.access_key_id,
          secretAccessKey: wrap(table.secret_access_key),
          sessionToken: wrap(table.session_token),
          endpoint: table.endpoint === undefined ? undefined : withoutLastSlash(table.endpoint),
        }),
      };
    case 'vertex': {
      const { project, location, credentials_file: file } = table;
      const credentialsFile = file === undefined ? undefined : toPath(file);
      return {
        type: table.type,
        ...common,
        ...defined({ apiKey, project, location, credentialsFile }),
      };
    }
  }
}

function commonOf(name: string, table: ValidProvider): ProviderConfigBase {
  const headers = Object.entries(table.headers).map(([header, value]) => [
    header.toLowerCase(),
    new Secret(value),
  ]);
  return {
    name,
    headers: Object.fromEntries(headers),
    priority: table.priority,
    ...defined({
      baseUrl: table.base_url === undefined ? undefined : withoutLastSlash(table.base_url),
      models: table.models,
      defaultModel: table.default_model,
      sendTraceContext: table.send_trace_context,
      apiKeys: pooledKeys(table),
      healthCheck: table.health_check,
    }),
  };
}

function faultsOf(table: ValidProvider): ResolvedProvider['faults'] {
  switch (table.type) {
    case 'azure':
      return azureFaults(table);
    case 'bedrock': {
      if ((table.access_key_id === undefined) === (table.secret_access_key === undefined))
        return [];
      const key = table.access_key_id === undefined ? 'access_key_id' : 'secret_access_key';
      return [{ key, message: 'it is missing: access_key_id and secret_access_key go together' }];
    }
    default:
      return [];
  }
}

function azureFaults(table: Extract<ValidProvider, { type: 'azure' }>): ResolvedProvider['faults'] {
  const entra = ['tenant_id', 'client_id', 'client_secret'] as const;
  const missing = entra.filter((key) => table[key] === undefined);
  if (missing.length === 0) return [];
  if (missing.length < entra.length) {
    return missing.map((key) => ({
      key,
      message: 'it is missing: tenant_id, client_id and client_secret go together',
    }));
  }
  if (table.api_key !== undefined || table.api_keys !== undefined) return [];
  return [
    {
      key: 'api_key',
      message: 'it is missing: give it, or tenant_id, client_id and client_secret',
    },
  ];
}

/** Vendors that answer nobody without a key. A proxy at another address may have its own. */
const vendorVariables: Partial<Record<ValidProvider['type'], string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  gemini: 'GEMINI_API_KEY',
  xai: 'XAI_API_KEY',
};

function warningsOf(table: ValidProvider): readonly Remark[] {
  const variable = vendorVariables[table.type];
  const { api_key: key, api_keys: keys, headers } = table;
  const keyed = key !== undefined || keys !== undefined || Object.keys(headers).length > 0;
  if (variable === undefined || keyed || table.base_url !== undefined) return [];
  const message = `it is missing, and ${table.type} answers nobody without a key; write api_key = "env:${variable}"`;
  return [{ key: 'api_key', message }];
}

function wrap(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}

function withoutLastSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
