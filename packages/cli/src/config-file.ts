import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatFault, loadConfig, writeFileAtomically, zekeHome } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { type ConfigFlags, loadOptions, readConfig } from './config.ts';
import type { Context } from './context.ts';

/** The configuration file, to be edited. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** The file in force; the one in `$ZEKE_HOME`, still empty, where there is none. */
export async function openConfigFile(context: Context, flags: ConfigFlags): Promise<ConfigFile> {
  const { config } = await readConfig(loadOptions(context, flags));
  const path = config.file ?? join(zekeHome(context.environment, context.cwd), 'zeke.toml');
  if (config.file === undefined) return { path, text: '', mode: 0o600 };
  const { mode } = await stat(path);
  return { path, text: await readFile(path, 'utf8'), mode: mode & 0o777 };
}

/** Puts a new text in place, once it is known to have no fault where the assumed variables are set. */
export async function replaceConfigFile(
  context: Context,
  file: ConfigFile,
  text: string,
  assumed: Readonly<Record<string, string>> = {},
): Promise<void> {
  const draft = `${file.path}.draft-${process.pid}`;
  try {
    await writeFileAtomically(draft, text, 0o600);
    const result = await loadConfig(loadOptions(context, { config: draft }, assumed));
    if (!result.ok) {
      const faults = result.faults.map((fault) => formatFault(fault).replaceAll(draft, file.path));
      throw new RpcError('invalid_argument', ['nothing was changed:', ...faults].join('\n  '));
    }
    await writeFileAtomically(file.path, text, file.mode);
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new RpcError('failed_precondition', `${file.path} cannot be written (${reason})`, {
      cause,
    });
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}
