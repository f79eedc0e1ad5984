import { join } from 'node:path';
import { type Logger, type ResolvedConfig, Spool } from '@zeke/foundation';
import type { Spools } from '@zeke/gateway';

/** Events are small and few. */
const eventBytes = 16 * 1_048_576;

/** Where things wait on the disk, in `$ZEKE_HOME`, with what earlier processes have left there. */
export async function openSpools(
  { home, storage }: ResolvedConfig,
  log: Logger,
): Promise<Spools & AsyncDisposable> {
  const folder = join(home, 'spool');
  const open = (name: string, maxBytes: number) => Spool.open({ folder, name, maxBytes, log });
  await using opened = new AsyncDisposableStack();
  const ledger = opened.use(await open('ledger', storage.spoolMaxBytes));
  const audit = opened.use(await open('audit', eventBytes));
  const webhook = opened.use(await open('webhook', eventBytes));
  const owned = opened.move();
  return { ledger, audit, webhook, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
