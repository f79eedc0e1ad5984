import type { RateOptions } from '../limits/gcra.ts';
import type { RedisAddress } from '../redis/redis-address.ts';
import type { Secret } from '../secrets/secret.ts';
import type { AssistantConfig, DaemonConfig, RpcConfig } from './assistant-config.ts';
import type { AuthConfig } from './auth-config.ts';
import type { GuardrailConfig, PolicyConfig } from './guardrails-config.ts';
import type { McpConfig } from './mcp-config.ts';
import type { VaultConfig } from './vault-config.ts';

/**
 * The configuration as the program uses it: validated, defaults filled in, references (`env:`,
 * `file:`, `secret:`, `keychain:`, `vault:`) resolved, secrets wrapped. Sizes are bytes, times are milliseconds.
 */
export interface ResolvedConfig {
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  /** The `zeke.toml` that was read, absolute; absent when there is none. */
  readonly file?: string;
  readonly server: ServerConfig;
  readonly auth: AuthConfig;
  readonly storage: StorageConfig;
  /** Absent where this process shares with no other. */
  readonly redis?: RedisConfig;
  readonly telemetry: TelemetryConfig;
  /** By the table's name, which is the provider's name in `provider/model`. In the file's order. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  /** Aliases, by name. */
  readonly models: ReadonlyMap<string, ModelAliasConfig>;
  /** By `provider/model` or `model`; a price for one provider wins over one for all. */
  readonly prices: ReadonlyMap<string, PriceConfig>;
  /** Where `vault:` led; absent where there is none. */
  readonly vault?: VaultConfig;
  readonly rpc: RpcConfig;
  readonly daemon: DaemonConfig;
  readonly assistant: AssistantConfig;
  readonly routing: RoutingConfig;
  readonly ledger: LedgerConfig;
  readonly audit: AuditConfig;
  readonly content: ContentConfig;
  readonly budgets: BudgetsConfig;
  readonly limits: LimitsConfig;
  readonly cache: CacheConfig;
  /** By name. */
  readonly guardrails: ReadonlyMap<string, GuardrailConfig>;
  /** By name, in the file's order: the first that fits counts. */
  readonly policies: ReadonlyMap<string, PolicyConfig>;
  /** By the names that requests are tagged with. */
  readonly projects: ReadonlyMap<string, ProjectConfig>;
  readonly mcp: McpConfig;
}

/** What holds for the requests of a project. */
interface ProjectConfig {
  readonly privacy: 'any' | 'local_only';
}

/** What requests are about, for ranking. */
export const intents = ['code', 'tests', 'analysis', 'explanation', 'regex'] as const;

export type Intent = (typeof intents)[number];

/** Who may be asked at all, and when a model at a provider that fails is not asked for a while. */
interface RoutingConfig {
  /** `local_only`: no provider but those on this machine. */
  readonly privacy: 'any' | 'local_only';
  /** Requests of these intents stay with local candidates, where there are some. */
  readonly preferLocalFor: readonly Intent[];
  /** How often candidates that have all failed are asked again. */
  readonly retries: number;
  /** Infinity: it is always asked. */
  readonly breakerFailures: number;
  readonly breakerWindowMs: number;
  readonly breakerOpenMs: number;
  /** 0: providers are not asked whether they are there. */
  readonly healthCheckIntervalMs: number;
  readonly healthCheckTimeoutMs: number;
}

/** The HTTP listener and the limits of a request. */
export interface ServerConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Where the admin API listens; absent where it is found with the rest. */
  readonly admin?: { readonly host: string; readonly port: number };
  readonly maxBodyBytes: number;
  /** All headers of a request together. */
  readonly maxHeaderBytes: number;
  /** From a request's head to its body's last byte. */
  readonly bodyTimeoutMs: number;
  /** Of one request. */
  readonly maxMessages: number;
  readonly maxTools: number;
  /** Requests to models under way at the same time, streams among them. */
  readonly maxConcurrentRequests: number;
  readonly maxConcurrentStreams: number;
  /** How many may wait for a place, and how long. */
  readonly queueLength: number;
  readonly queueTimeoutMs: number;
  /** How long running requests may go on after SIGTERM. */
  readonly shutdownTimeoutMs: number;
  /** How long after SIGTERM new requests are still taken, while readiness says that it ends. */
  readonly drainDelayMs: number;
  /** Processes that share the port; `auto`: one for each processor. */
  readonly workers: number | 'auto';
  /** From the request's last byte to the provider's first event. */
  readonly firstTokenTimeoutMs: number;
  /** From the request's last byte to the end of an answer that is not a stream. */
  readonly answerTimeoutMs: number;
  /** Between two events of a provider. */
  readonly idleTimeoutMs: number;
  /** What happens to the provider's call when the client leaves. */
  readonly drainOnDisconnect: 'cancel' | 'drain';
  /** The longest drain. */
  readonly drainLimitMs: number;
  /** Addresses and subnets whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** Absent: plain HTTP. */
  readonly tls?: TlsConfig;
}

/** Whether clients are asked for a certificate, and must have one. */
export const clientAuthNames = ['none', 'optional', 'required'] as const;

export const tlsVersions = ['1.2', '1.3'] as const;

/** TLS of the HTTP listener. Paths are absolute; what is in the files is read at the start. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** There whenever clients are asked for a certificate. */
  readonly clientCaFile?: string;
  readonly clientCrlFile?: string;
  readonly clientAuth: (typeof clientAuthNames)[number];
  readonly minVersion: (typeof tlsVersions)[number];
}

/** The listener for RPC. */
/** Where state is kept. */
export interface StorageConfig {
  /**
   * `sqlite:<absolute path>`, `sqlite::memory:` or `postgres://…`. Secret, because a PostgreSQL
   * address may hold a password.
   */
  readonly url: Secret;
  /** While the database is away: how long a key is let in after it was last confirmed. */
  readonly outageGraceMs: number;
  /** The disk that the ledger may take meanwhile. */
  readonly spoolMaxBytes: number;
}

/** What replicas share through. */
export interface RedisConfig {
  readonly address: RedisAddress;
  /** What all keys begin with. */
  readonly keyPrefix: string;
  /** How long a reply may take before Redis counts as lost. */
  readonly timeoutMs: number;
  /** By how many limits are shared while Redis is lost, where fewer are known. */
  readonly expectedReplicas: number;
}

/** Logs and traces. */
export interface TelemetryConfig {
  readonly logLevel: LogLevel;
  /** The collector's base address, `http://127.0.0.1:4318`; tracing is off without it. */
  readonly otlpEndpoint?: string;
  /** How often metrics are sent there, too; absent: never. */
  readonly otlpMetricsIntervalMs?: number;
  /** Of traces that callers do not decide about, the share that is kept: 0 to 1. */
  readonly sampleRatio: number;
  /** Whether spans hold prompts and answers. */
  readonly captureContent: boolean;
  readonly serviceName: string;
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export const providerTypes = [
  'openai',
  'anthropic',
  'azure',
  'bedrock',
  'vertex',
  'gemini',
  'xai',
  'ollama',
  'compatible',
] as const;

export type ProviderType = (typeof providerTypes)[number];

/** The names of providers that the gateway finds without configuration. */
export const foundProviderNames: readonly string[] = [
  'openai',
  'anthropic',
  'gemini',
  'xai',
  'azure',
  'bedrock',
  'vertex',
  'groq',
  'mistral',
  'deepseek',
  'together',
  'openrouter',
  'ollama',
];

/** One account of one vendor. */
export type ProviderConfig =
  | OpenAiProviderConfig
  | ApiKeyProviderConfig
  | AzureProviderConfig
  | BedrockProviderConfig
  | VertexProviderConfig
  | OllamaProviderConfig
  | CompatibleProviderConfig;

/** What every provider's table may hold. */
export interface ProviderConfigBase {
  readonly name: string;
  /** Without a slash at its end; absent means the vendor's own. */
  readonly baseUrl?: string;
  /** The models to offer; absent means that the provider is asked. */
  readonly models?: readonly string[];
  /** The model taken when a caller names the provider only. */
  readonly defaultModel?: string;
  /** Sent with every request, over our own; names are lower case. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Whether it is told of traces; absent: only where it runs on this machine. */
  readonly sendTraceContext?: boolean;
  /** Where several providers have a bare model name, the lowest number wins. */
  readonly priority: number;
  /** Whether it is asked now and then if it is there; absent: where it is on this machine. */
  readonly healthCheck?: boolean;
  /** True where some of its values stand behind references that can be read again. */
  readonly renewable?: true;
  /** Several keys, in place of the one that most types may have; at least one. */
  readonly apiKeys?: readonly PooledKey[];
}

/** One of several keys of a provider. */
export interface PooledKey {
  /** How people call it: never the key itself. */
  readonly label: string;
  readonly key: Secret;
  /** Its share of the requests. */
  readonly weight: number;
}

export interface OpenAiProviderConfig extends ProviderConfigBase {
  readonly type: 'openai';
  readonly apiKey?: Secret;
  readonly organization?: string;
  readonly project?: string;
}

export interface ApiKeyProviderConfig extends ProviderConfigBase {
  readonly type: 'anthropic' | 'gemini' | 'xai';
  readonly apiKey?: Secret;
}

export interface OllamaProviderConfig extends ProviderConfigBase {
  readonly type: 'ollama';
  readonly apiKey?: Secret;
}

/** Anything that speaks OpenAI; `baseUrl` includes the `/v1` where there is one. */
export interface CompatibleProviderConfig extends ProviderConfigBase {
  readonly type: 'compatible';
  readonly baseUrl: string;
  readonly apiKey?: Secret;
}

/** Either `apiKey`, or all of `tenantId`, `clientId` and `clientSecret` for Entra. */
export interface AzureProviderConfig extends ProviderConfigBase {
  readonly type: 'azure';
  /** `https://<resource>.openai.azure.com`, without a slash at its end. */
  readonly endpoint: string;
  readonly apiVersion?: string;
  /** Model name → deployment name. */
  readonly deployments: Readonly<Record<string, string>>;
  readonly apiKey?: Secret;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: Secret;
}

/** Without keys of its own, the AWS credential chain is asked. */
export interface BedrockProviderConfig extends ProviderConfigBase {
  readonly type: 'bedrock';
  /** Absent: the credential chain's region (`AWS_REGION`, the profile). */
  readonly region?: string;
  readonly profile?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: Secret;
  readonly sessionToken?: Secret;
  /** A Bedrock API key, sent as a bearer token in place of a signature. */
  readonly apiKey?: Secret;
  /** Instead of `https://bedrock-runtime.<region>.amazonaws.com`. */
  readonly endpoint?: string;
}

/** Without `credentialsFile`, Google's application default credentials are asked. */
export interface VertexProviderConfig extends ProviderConfigBase {
  readonly type: 'vertex';
  readonly project?: string;
  readonly location?: string;
  /** Absolute. */
  readonly credentialsFile?: string;
  readonly apiKey?: Secret;
}

/** How the candidates of a model are chosen and asked. */
export const strategyNames = [
  'single',
  'fallback',
  'race',
  'speculate_k',
  'weighted',
  'round_robin',
  'least_latency',
  'least_cost',
  'least_busy',
  'parallel_merge',
] as const;

export type StrategyName = (typeof strategyNames)[number];

/** How `parallel_merge` makes one answer of several. */
export const mergeNames = ['vote', 'best', 'synthesize'] as const;

export type MergeName = (typeof mergeNames)[number];

/** For how long a session stays with who answered it. */
export const stickinessNames = ['none', 'turn', 'session'] as const;

export type Stickiness = (typeof stickinessNames)[number];

/** What the requests of one session have in common; of a header, its value. */
export type SessionSource = 'id' | 'user' | 'conversation' | 'key' | `header:${string}`;

/** A name for one model, or for several that stand in for each other. */
export interface ModelAliasConfig {
  readonly name: string;
  readonly strategy: StrategyName;
  /** `provider/model`, a bare model or another alias, at least one. */
  readonly candidates: readonly string[];
  /** How many candidates are asked at once, by strategies that do so. */
  readonly k?: number;
  /** After which time `speculate_k` asks the next candidate. */
  readonly delayMs?: number;
  /** For `weighted`: the shares of candidates, by the names they have in `candidates`. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Who answered a session goes on to answer it, unless a request says otherwise. Absent: nobody does. */
  readonly stickiness?: Exclude<Stickiness, 'none'>;
  /** By what sessions are told apart, the first that a request has; there is one with `stickiness`. */
  readonly sessionBy?: readonly SessionSource[];
  /** For `parallel_merge`: how answers are merged. */
  readonly merge?: MergeName;
  /** The model that judges them; there is one where `merge` is not `vote`. */
  readonly judge?: string;
  /** How long answers are waited for once one is there, and then the judge. */
  readonly mergeWaitMs?: number;
}

/**
 * Prices that override the catalogue, in USD for a million tokens, as vendors print them. An absent
 * kind is not priced here.
 */
export interface PriceConfig {
  readonly input?: number;
  readonly output?: number;
  readonly cachedInput?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly reasoning?: number;
  readonly audioInput?: number;
  readonly audioOutput?: number;
  readonly cachedAudioInput?: number;
  readonly imageInput?: number;
  readonly imageOutput?: number;
}

export interface LedgerConfig {
  /** The longest time a finished row waits to be written with others. */
  readonly flushIntervalMs: number;
  /** Whole days; 0: for good. */
  readonly keepDays: number;
  /** The sums of rows by hour: at least as long. 0: for good. */
  readonly keepUsageDays: number;
  /** What becomes of requests, or rows, where neither the database nor the disk takes rows. */
  readonly whenFull: 'refuse' | 'drop';
}

export interface AuditConfig {
  /** Whole days; 0: for good. */
  readonly keepDays: number;
}

/** Whose prompts and answers are kept. */
export interface ContentConfig {
  readonly keep: 'nothing' | 'listed' | 'everything';
  /** Ids. */
  readonly keys: readonly string[];
  /** Ids. */
  readonly orgs: readonly string[];
  /** As `x-project` names them. */
  readonly projects: readonly string[];
  readonly keepMs: number;
  /** Of a prompt, and of an answer. */
  readonly maxBytes: number;
  /** What they are sealed with; absent: one that is made. */
  readonly encryptionKey?: Secret;
}

/** Whether and how answers are kept, to be given again. */
export interface CacheConfig {
  readonly enabled: boolean;
  readonly maxBytes: number;
  readonly ttlMs: number;
  /** By pattern of a model's name, the first that fits counts; 0: never. */
  readonly modelTtlMs: ReadonlyMap<string, number>;
  readonly scope: 'key' | 'shared';
  readonly maxTemperature: number;
  /** Absent: only answers to equal requests are given again. */
  readonly semantic?: SemanticCacheConfig;
}

/** When the answer to a question that means the same is given. */
export interface SemanticCacheConfig {
  readonly model: string;
  /** From 0 to 1. */
  readonly threshold: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly withTools: boolean;
}

/** How budgets are kept; the budgets themselves are in the database. */
export interface BudgetsConfig {
  /** Held for where a caller gives no maximum. */
  readonly defaultOutputTokens: number;
  /** Under a hard budget, what becomes of a request whose price is not known. */
  readonly unpriced: 'refuse' | 'allow';
  /** Where budgets that are passed are told. */
  readonly webhook?: { readonly url: string; readonly secret?: Secret };
}

/** How often callers may ask. All names of tiers are among `tiers`. */
export interface LimitsConfig {
  readonly enabled: boolean;
  /** Of keys that have none, and of addresses that need no key. */
  readonly defaultTier: string;
  /** Of every address, whatever keys it uses. */
  readonly addressTier?: string;
  /** Of one address; 0: as many as it likes. */
  readonly authFailuresPerMinute: number;
  /** By name, those that come with the house among them. */
  readonly tiers: Readonly<Record<string, LimitTierConfig>>;
  /** Names of tiers, by the names of owners. */
  readonly owners: Readonly<Record<string, string>>;
  /** By ids. */
  readonly users: Readonly<Record<string, string>>;
  /** By ids. */
  readonly teams: Readonly<Record<string, string>>;
  /** By `provider/model` or `model`. */
  readonly models: Readonly<Record<string, string>>;
}

/** What a tier allows; what is absent is not limited. */
export interface LimitTierConfig {
  readonly requests?: RateOptions;
  readonly tokens?: RateOptions;
  /** Requests under way at the same time. */
  readonly concurrent?: number;
}
