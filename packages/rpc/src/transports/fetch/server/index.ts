export type { CorsOptions } from './cors.ts';
export { createFetchHandler } from './fetch-handler.ts';
export type { FetchServerOptions } from './fetch-server.ts';
export { type ServeFetchOptions, serveFetch } from './serve-fetch.ts';
