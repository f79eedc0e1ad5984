#!/usr/bin/env bun
import { createContext } from './command/context.ts';
import { interruptedExitCode } from './command/exit-codes.ts';
import { ProcessInterrupts } from './command/interrupts.ts';
import { run } from './command/run.ts';

/**
 * The command `zrpc`, and the only file of the package that ends the process. The first SIGINT,
 * SIGTERM or SIGHUP asks the command to end in good order, the second ends the process at once.
 */
const interrupts = new ProcessInterrupts();
for (const [signal, code] of [
  ['SIGINT', interruptedExitCode],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    if (!interrupts.interrupt()) process.exit(code);
  });
}
// Who reads our output may leave before we are done (`zrpc call … | head -1`), which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : 2),
);
process.exit(await run(process.argv.slice(2), createContext(process, { interrupts })));
