import { CommanderError } from 'commander';
import { RpcError } from '../rpc-error.ts';
import type { Context } from './context.ts';
import { exitCodeOf, interruptedExitCode } from './exit-codes.ts';
import { explainedMessage } from './format/format-error.ts';
import { printable } from './printable.ts';
import { createProgram } from './program.ts';

/** Runs one command line and gives its exit code. Errors are told on standard error; none is thrown. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  const result = { code: 0 };
  const program = createProgram(context, (code) => {
    result.code = code;
  });
  try {
    if (args[0] === '__complete') {
      const { printCandidates } = await import('./completion/complete-words.ts');
      await printCandidates(context, args.slice(1));
    } else await program.parseAsync(args, { from: 'user' });
  } catch (reason) {
    result.code = report(reason, context, args.includes('--json'));
  }
  await context.output.flush();
  return result.code;
}

function report(reason: unknown, context: Context, json: boolean): number {
  const { output, interrupts, environment, name } = context;
  // Help and version were asked for; a command without its other half gets help, too.
  if (reason instanceof CommanderError && reason.exitCode === 0) return 0;
  if (reason instanceof CommanderError && reason.code === 'commander.help') return usageExitCode;
  if (interrupts.signal.aborted) return interruptedExitCode;
  const error = reason instanceof CommanderError ? wrongUsage(reason) : RpcError.from(reason);
  const isOurs = reason instanceof RpcError || reason instanceof CommanderError;
  const message = printable(isOurs ? explainedMessage(error) : unexpected(reason), 'lines');
  const { red, dim } = output.noteStyles;
  if (json) output.note(JSON.stringify({ error: { code: error.code, message } }));
  else output.note(`${red(`${name}:`)} ${message}`);
  if (environment.ZRPC_DEBUG && reason instanceof Error) output.note(dim(String(reason.stack)));
  return exitCodeOf(error);
}

const usageExitCode = exitCodeOf(new RpcError('invalid_argument', ''));

/** Commander's message begins with a prefix of its own. */
function wrongUsage(reason: CommanderError): RpcError {
  const [first = '', ...rest] = reason.message.replace(/^error: /, '').split('\n');
  const message = [`${first} (--help shows what there is)`, ...rest].join('\n');
  return new RpcError('invalid_argument', message, { cause: reason });
}

function unexpected(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason);
  return `${message} (unexpected; ZRPC_DEBUG=1 shows where)`;
}
