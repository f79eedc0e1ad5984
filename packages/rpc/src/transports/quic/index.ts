export {
  connectQuic,
  dialQuic,
  listenQuic,
  type QuicClientOptions,
  type QuicServeOptions,
  type QuicTickets,
} from './quic.ts';
export type { QuicResumption } from './quic-endpoint.ts';
