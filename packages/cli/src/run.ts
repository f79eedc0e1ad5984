import { RpcError } from '@zeke/rpc';
import { CommanderError } from 'commander';
import type { Context } from './context.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';
import { printableLines } from './output.ts';
import { createProgram } from './program.ts';

/** Runs one command line and gives its exit code. Errors are told on standard error; none is thrown. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  const { output } = context;
  const result: { code: number } = { code: exitCodes.ok };
  const setExitCode = (code: ExitCode) => {
    result.code = code;
  };
  const program = createProgram(context, setExitCode, args[0]);
  try {
    if (args[0] === '__complete') {
      const { printCandidates } = await import('./actions/complete.ts');
      await printCandidates(context, program, args.slice(1));
    } else if (args[0] === 'rpc') {
      const { rpc } = await import('./actions/rpc.ts');
      result.code = await rpc(context, args.slice(1));
    } else await program.parseAsync(args, { from: 'user' });
  } catch (reason) {
    result.code = report(reason, context, args.includes('--json'));
  }
  await output.flush();
  return result.code;
}

function report(reason: unknown, context: Context, json: boolean): ExitCode {
  const { output, interrupts, environment } = context;
  // Help and version were asked for; a command without its other half gets help, too.
  if (reason instanceof CommanderError && reason.exitCode === 0) return exitCodes.ok;
  if (reason instanceof CommanderError && reason.code === 'commander.help') return exitCodes.usage;
  if (interrupts.signal.aborted) return exitCodes.interrupted;
  const error = reason instanceof CommanderError ? wrongUsage(reason) : RpcError.from(reason);
  const { red, dim } = output.noteStyles;
  const message = error.code === 'internal' ? unexpected(reason) : error.message;
  if (json) output.note(JSON.stringify({ error: { code: error.code, message } }));
  else output.note(`${red('zeke:')} ${printableLines(message)}`);
  if (environment.ZEKE_DEBUG && reason instanceof Error) output.note(dim(String(reason.stack)));
  return exitCodeOf(error);
}

/** Commander's message begins with a prefix of its own. */
function wrongUsage(reason: CommanderError): RpcError {
  const [first = '', ...rest] = reason.message.replace(/^error: /, '').split('\n');
  return new RpcError(
    'invalid_argument',
    [`${first} (--help shows what there is)`, ...rest].join('\n'),
    {
      cause: reason,
    },
  );
}

function unexpected(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason);
  return `${message} (unexpected; ZEKE_DEBUG=1 shows where)`;
}
