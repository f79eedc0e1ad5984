export { auditLocally, type LocalEvent } from './audit-locally.ts';
export { type Composition, type CompositionOptions, compose } from './compose.ts';
export { type ConnectHint, connectHints } from './connect-hints.ts';
export { demoProviderNames, isDemoProvider } from './demo.ts';
export {
  type FindPricesOptions,
  findPrices,
  type KnownPrices,
  type UpdatePricesOptions,
  updatePrices,
} from './prices.ts';
export { type Daemon, type DaemonOptions, runDaemon } from './run-daemon.ts';
export { readTls } from './tls/read-tls.ts';
export { version } from './version.ts';
export type { Greeting } from './workers/messages.ts';
export { processChannel } from './workers/process-channel.ts';
export { workerPortVariable, workerVariable } from './workers/spawn-worker.ts';
export { type Supervised, type SuperviseOptions, supervise } from './workers/supervise.ts';
export { WorkerLink } from './workers/worker-link.ts';
