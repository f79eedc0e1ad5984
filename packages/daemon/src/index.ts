export { auditLocally, type LocalEvent } from './audit-locally.ts';
export { type Composition, type CompositionOptions, compose } from './compose.ts';
export { type ConnectHint, connectHints } from './connect-hints.ts';
export { isDemoProvider } from './demo.ts';
export {
  type FindPricesOptions,
  findPrices,
  type KnownPrices,
  type UpdatePricesOptions,
  updatePrices,
} from './prices.ts';
export { type Daemon, type DaemonOptions, runDaemon } from './run-daemon.ts';
export { version } from './version.ts';
