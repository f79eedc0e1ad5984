import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { addBench } from './commands/bench.ts';
import { addCall } from './commands/call.ts';
import { addCompletion } from './commands/completion.ts';
import { addDescribe } from './commands/describe.ts';
import { addGen } from './commands/gen.ts';
import { addList } from './commands/list.ts';
import type { Context } from './context.ts';
import type { SetExitCode } from './exit-codes.ts';
import { addMock } from './mock/mock-command.ts';
import { addProxy } from './proxy/proxy-command.ts';
import { addRepl } from './repl/repl-command.ts';
import { targetForms } from './target/target.ts';

/** All commands with their flags and help; what they do is loaded when they run. */
export function createProgram(context: Context, setExitCode: SetExitCode): Command {
  const { output } = context;
  const program = new Command(context.name)
    .description('Talk to RPC servers: gRPC, Connect, gRPC-Web, and zrpc over sockets and QUIC.')
    .version(manifest.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: (text) => output.line(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
      // An error is thrown too, and told where all are.
      outputError: () => {},
    })
    .addHelpText('after', `\nTargets:\n${targetForms}\n\n${environmentHelp}`);
  addCall(program, context, setExitCode);
  addList(program, context);
  addDescribe(program, context);
  addGen(program, context);
  addBench(program, context, setExitCode);
  addCompletion(program, context);
  addMock(program, context);
  addProxy(program, context);
  addRepl(program, context, setExitCode);
  return program;
}

/** `call [target] <Service/Method> [request]` */
function termOf(command: Command): string {
  return `${command.name()} ${command.usage().replace(/ ?\[options\] ?/, '')}`;
}

const environmentHelp = `Environment:
  ZRPC_TARGET  the target where none is given
  NO_COLOR     no colours

The exit status is the number of a gRPC status: 0 OK, 3 wrong usage, 14 not reachable; 130 interrupted.`;
