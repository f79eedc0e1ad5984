import { forgetRunning, type Logger, noteRunning, type ResolvedConfig } from '@zeke/foundation';
import { version } from './version.ts';

/**
 * Notes in `$ZEKE_HOME` where this process answers, for other commands to find it, until it is disposed
 * of. Where that cannot be written, the log says so, and nothing else is lost.
 */
export async function noteAddress(
  { file, home }: ResolvedConfig,
  url: string,
  log: Logger,
): Promise<AsyncDisposable> {
  const { pid } = process;
  const startedAtMs = Date.now();
  const note = { pid, url, configFile: file ?? null, startedAtMs, version };
  await noteRunning(home, note).catch((err) =>
    log.warn('the address cannot be noted for other commands', { home, err }),
  );
  return { [Symbol.asyncDispose]: () => forgetRunning(home, pid).catch(() => {}) };
}
