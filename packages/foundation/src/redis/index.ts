export { type RedisAddress, redisAddress } from './redis-address.ts';
export { RedisLink, type RedisLinkOptions, type RedisState } from './redis-link.ts';
export { type RedisScript, redisScript } from './redis-script.ts';
