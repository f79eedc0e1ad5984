export {
  connectHttp3,
  dialHttp3,
  type Http3ClientOptions,
  type Http3ServeOptions,
  listenHttp3,
} from './http3.ts';
