export type { Completer } from './completer.ts';
export {
  connectDaemon,
  type DaemonAddress,
  type DaemonClient,
  type DaemonClientOptions,
} from './daemon-client.ts';
