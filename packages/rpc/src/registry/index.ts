export {
  type DnsDiscoveryOptions,
  type DnsEndpoints,
  type DnsResolver,
  discoverDns,
} from './discover-dns.ts';
export { type EtcdRegistryOptions, etcdRegistry } from './etcd-store.ts';
export { type FileRegistryOptions, fileRegistry } from './file-store.ts';
export { memoryRegistry } from './memory-store.ts';
export { type RedisCommands, type RedisRegistryOptions, redisRegistry } from './redis-store.ts';
export type {
  Discovery,
  Instance,
  InstanceHealth,
  InstanceQuery,
  Lease,
  RegisterOptions,
  Registration,
  Registry,
} from './registry.ts';
