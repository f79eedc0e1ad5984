export {
  connectQuic,
  dialQuic,
  listenQuic,
  type QuicClientOptions,
  type QuicServeOptions,
} from './quic.ts';
