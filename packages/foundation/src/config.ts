export { formatFault } from './config/config-fault.ts';
export { type LoadConfigOptions, loadConfig } from './config/load-config.ts';
export type { ResolvedConfig } from './config/resolved-config.ts';
