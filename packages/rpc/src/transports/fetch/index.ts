export type { FetchFunction, FetchProtocol } from './client/client-settings.ts';
export { type ConnectFetchOptions, connectFetch } from './client/connect-fetch.ts';
export type { RequestStreams } from './client/request-streams.ts';
export type { WireFormat } from './wire/content-type.ts';
