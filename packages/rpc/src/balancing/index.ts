export {
  type BalancedTransport,
  type BalanceOptions,
  balance,
  type EndpointStatus,
} from './balance.ts';
export { type ConnectionPoolOptions, connectionPool } from './connection-pool.ts';
export { type ConsistentHashOptions, consistentHash } from './consistent-hash.ts';
export { type Endpoint, EndpointList, type Endpoints } from './endpoints.ts';
export { type GrpcHealthOptions, grpcHealth } from './grpc-health.ts';
export type { HealthSource } from './health-source.ts';
export { leastPending } from './least-pending.ts';
export type { FailurePercentageOptions, OutlierOptions, SuccessRateOptions } from './outliers.ts';
export type { Candidate, Picker, Policy } from './policy.ts';
export { type RoundRobinOptions, roundRobin } from './round-robin.ts';
