export { postgresDatabase, type TestDatabase } from './postgres-server.ts';
export { type RedisServerOptions, redisServer, type TestRedis } from './redis-server.ts';
export { hasSystemPackage, type SystemPackage, skipsWithout } from './system-packages.ts';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
