import { type Context, createContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { run } from './run.ts';

/**
 * The command `zeke`, and the only file that ends the process. The first SIGINT, SIGTERM or SIGHUP
 * asks the command to end in good order, the second ends the process at once. To a command that has
 * something to read again, SIGHUP means to do so.
 */
const context = createContext(process);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupt(context, signal));
}
// Who reads our output may leave before we are done (`zeke models | head -1`), which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failure),
);
process.exit(await run(process.argv.slice(2), context));

function interrupt({ interrupts }: Context, signal: NodeJS.Signals): void {
  if (signal === 'SIGHUP' && interrupts.hangUp()) return;
  if (interrupts.interrupt()) return;
  process.exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
}
