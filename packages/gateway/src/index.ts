export { Gateway } from './gateway.ts';
export type { GatewayOptions, GatewaySettings } from './gateway-options.ts';
export { actorOf } from './governance/audit/audit-entry.ts';
export { AuditLog } from './governance/audit/audit-log.ts';
export type { AuthSettings, Caller } from './governance/authenticate.ts';
export type { ClientCertificate, PeerCertificateOf } from './governance/client-certificate.ts';
export type { Asker, Consents, Need } from './governance/consent/consents.ts';
export {
  type ApiKey,
  type CreateKeyOptions,
  type KeyScope,
  KeyStore,
  keyScopes,
} from './governance/key-store.ts';
export { gatewayMigrations } from './governance/migrations.ts';
export {
  type PriceChange,
  type PricesRefresh,
  pricesFileName,
  publishedPricesUrl,
  type RefreshPricesOptions,
  refreshPrices,
} from './governance/prices/refresh-prices.ts';
export {
  type ModelPrices,
  type ShowPricesOptions,
  showPrices,
} from './governance/prices/show-prices.ts';
export type { PeerAddress } from './governance/rate-limits/client-address.ts';
export { RateLimits } from './governance/rate-limits/rate-limits.ts';
export type { GatewayTables } from './governance/tables.ts';
export type { Spools } from './governance/upkeep.ts';
export {
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
  usageGroups,
  usageReport,
} from './governance/usage-report.ts';
export type { RequestLimits } from './http/services.ts';
export { type DiscoverOptions, discoverProviders } from './providers/discover.ts';
export { createProvider } from './providers/index.ts';
export type { Provider, ProviderDependencies, ProviderModel } from './providers/provider.ts';
export { withFreshKey } from './providers/with-fresh-key.ts';
export { Replicas } from './replicas/replicas.ts';
export { type EstimatedTokens, estimateCost } from './routing/estimate-cost.ts';
export type { CatalogProvider, ModelAlias } from './routing/model-catalog.ts';
