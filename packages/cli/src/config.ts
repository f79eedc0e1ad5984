import { formatFault, type LoadConfigOptions, loadConfig } from '@zeke/foundation/config';
import { RpcError } from '@zeke/rpc';
import type { Context } from './context.ts';

/** Where the configuration is, as flags said it. */
export interface ConfigFlags {
  readonly config?: string;
}

export type LoadedConfig = Extract<Awaited<ReturnType<typeof loadConfig>>, { ok: true }>;

/** What `loadConfig` needs; `overrides` are variables that stand for flags. */
export function loadOptions(
  { cwd, environment }: Context,
  flags: ConfigFlags,
  overrides: Readonly<Record<string, string>> = {},
): LoadConfigOptions {
  return {
    cwd,
    environment: { ...environment, ...overrides },
    ...(flags.config === undefined ? {} : { file: flags.config }),
  };
}

/** The configuration in force. Throws `failed_precondition` with every fault on a line of its own. */
export async function readConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const result = await loadConfig(options);
  if (result.ok) return result;
  const faults = result.faults.map(formatFault);
  const head =
    faults.length === 1
      ? 'the configuration has a fault'
      : `the configuration has ${faults.length} faults`;
  throw new RpcError('failed_precondition', [`${head}:`, ...faults].join('\n  '));
}
