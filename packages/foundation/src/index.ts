export { equalInConstantTime, hashSecret } from './auth/hash-secret.ts';
export type {
  AssistantConfig,
  DaemonConfig,
  LanguageServerConfig,
  RpcConfig,
} from './config/assistant-config.ts';
export {
  type AuthConfig,
  type GrantName,
  grantNames,
  type IdentityConfig,
  type JwtIssuerConfig,
  type OauthConfig,
  type OidcConfig,
  ownIssuer,
  type RoleName,
  roleNames,
} from './config/auth-config.ts';
export type { CertificateHolder, CertificateRuleConfig } from './config/certificates-config.ts';
export {
  type ConfigFault,
  formatFault,
  formatOrigin,
  type Origin,
} from './config/config-fault.ts';
export type { ConfigKey, ConfigKeyType } from './config/config-keys.ts';
export type { ConfigSources } from './config/follow-references.ts';
export {
  type GuardrailAction,
  type GuardrailCheck,
  type GuardrailConfig,
  type PersonalDataKind,
  type PolicyConfig,
  type PolicyEffect,
  personalDataKinds,
  type ScopeConfig,
} from './config/guardrails-config.ts';
export {
  type ConfigEntry,
  type LoadConfigOptions,
  type LoadConfigResult,
  listConfigKeys,
  loadConfig,
} from './config/load-config.ts';
export type {
  McpConfig,
  McpLocalServerConfig,
  McpOauthConfig,
  McpRemoteServerConfig,
  McpServerConfig,
} from './config/mcp-config.ts';
export type {
  McpEffect,
  McpPolicyConfig,
  McpRuleConfig,
  McpScope,
} from './config/mcp-policy-config.ts';
export {
  type ApiKeyProviderConfig,
  type AuditConfig,
  type AzureProviderConfig,
  type BedrockProviderConfig,
  type CacheConfig,
  type CompatibleProviderConfig,
  type ContentConfig,
  foundProviderNames,
  type Intent,
  intents,
  type LedgerConfig,
  type LimitsConfig,
  type LimitTierConfig,
  type LogLevel,
  logLevels,
  type MergeName,
  type ModelAliasConfig,
  mergeNames,
  type OllamaProviderConfig,
  type OpenAiProviderConfig,
  type PooledKey,
  type PriceConfig,
  type ProviderConfig,
  type ProviderConfigBase,
  type ProviderType,
  providerTypes,
  type ResolvedConfig,
  type ServerConfig,
  type SessionSource,
  type Stickiness,
  type StorageConfig,
  type StrategyName,
  stickinessNames,
  strategyNames,
  type TelemetryConfig,
  type TlsConfig,
  type VertexProviderConfig,
} from './config/resolved-config.ts';
export {
  findRunning,
  forgetRunning,
  noteRunning,
  type RunningServer,
} from './config/running-file.ts';
export { type ConfigWatch, type WatchConfigOptions, watchConfig } from './config/watch-config.ts';
export { zekeHome } from './config/zeke-home.ts';
export { withFileLock } from './files/file-lock.ts';
export { readBounded, readBoundedFile } from './files/read-bounded-file.ts';
export { createFileOnce, writeFileAtomically } from './files/write-file-atomically.ts';
export { AddressSet } from './network/address-set.ts';
export { isLoopbackHost } from './network/loopback.ts';
export { LoopbackListener } from './network/loopback-listener.ts';
export { GroupGuard } from './processes/group-guard.ts';
export { decrypt, encrypt } from './secrets/aes-gcm.ts';
export { createSecretStore, type SecretStoreOptions } from './secrets/create-secret-store.ts';
export { openKeychain } from './secrets/keychain.ts';
export type { SecretFacts } from './secrets/sealed-secret.ts';
export { Secret } from './secrets/secret.ts';
export type { Rotation, SecretStore } from './secrets/secret-store.ts';
export {
  VaultConnections,
  type VaultConnectionsOptions,
  type VaultReader,
  type VaultSource,
} from './secrets/vault/vault-connections.ts';
export { Spool, type SpoolOptions } from './spool/spool.ts';
export { type ColumnTypes, columnTypes } from './storage/column-types.ts';
export {
  createDayPartition,
  dropDayPartition,
  listDayPartitions,
  partitionName,
} from './storage/day-partitions.ts';
export { type OpenStorageOptions, openStorage } from './storage/open-storage.ts';
export type {
  ColumnValue,
  LongMigration,
  Migration,
  MigrationProgress,
  MigrationReport,
  MigrationSet,
  ShortMigration,
  Storage,
  StorageKind,
} from './storage/storage.ts';
export {
  expose,
  type MetricsFormat,
  metricsContentTypes,
  metricsFormatFor,
} from './telemetry/exposition.ts';
export {
  createLogger,
  type LogDestination,
  type LogFields,
  type Logger,
  type LoggerOptions,
} from './telemetry/logger.ts';
export { mergeFamilies } from './telemetry/merge-families.ts';
export type { Exemplar, MetricFamily } from './telemetry/metric-family.ts';
export {
  type Counter,
  type CreateMetricsOptions,
  createMetrics,
  type Gauge,
  type Histogram,
  type HistogramOptions,
  type LabelValues,
  type MetricOptions,
  type Metrics,
  type Reading,
  startMetricsExport,
} from './telemetry/metrics.ts';
export { redactText, redactValue } from './telemetry/redact.ts';
export {
  type AttributeValue,
  createTracer,
  noTracer,
  type Span,
  type SpanKind,
  type SpanOptions,
  type Tracer,
  type TracerOptions,
} from './telemetry/tracer.ts';
export { isDeeperThan, maxJsonDepth } from './text/json-depth.ts';
export { type JsonPathStep, parseJsonPath, valuesAt } from './text/json-path.ts';
export { editDistance, nearest } from './text/nearest.ts';
export { parseTime } from './text/parse-time.ts';
