export {
  connectHttp2,
  dialHttp2,
  type Http2ConnectOptions,
  type Http2Target,
} from './connect-http2.ts';
export type { Http2Limits } from './http2-limits.ts';
export { type Http2ListenAddress, type Http2ListenOptions, listenHttp2 } from './listen-http2.ts';
