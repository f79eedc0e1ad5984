export { connectHttp2, dialHttp2, type Http2ConnectOptions } from './connect-http2.ts';
export { type Http2ListenOptions, listenHttp2 } from './listen-http2.ts';
