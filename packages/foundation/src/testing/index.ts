export { postgresDatabase, type TestDatabase } from './postgres-server.ts';
export {
  type PrometheusOptions,
  prometheusServer,
  type TestPrometheus,
} from './prometheus-server.ts';
export { type RedisServerOptions, redisServer, type TestRedis } from './redis-server.ts';
export { type StoppablePostgres, stoppablePostgres } from './stoppable-postgres.ts';
export { hasSystemPackage, type SystemPackage, skipsWithout } from './system-packages.ts';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
export { TextReader } from './text-reader.ts';
