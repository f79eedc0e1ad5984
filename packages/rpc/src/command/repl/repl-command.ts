import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import {
  examples,
  type ServerFlags,
  withCall,
  withOutput,
  withSchema,
  withTarget,
} from '../flags.ts';
import type { EditingStyle } from './editor/line-editor.ts';

export interface ReplFlags extends ServerFlags {
  readonly editing: EditingStyle;
  /** False for `--no-history`. */
  readonly history?: string | false;
}

/** `zrpc repl` */
export function addRepl(program: Command, context: Context, setExitCode: SetExitCode): void {
  const command = program
    .command('repl')
    .description('talk to a server interactively, or by inputs from standard input')
    .argument('[target]');
  withOutput(withSchema(withCall(withTarget(command))))
    .addOption(
      new Option('--editing <style>', 'the keys').choices(['emacs', 'vi']).default('emacs'),
    )
    .option('--history <file>', 'where inputs are kept; default ~/.local/state/zrpc/history')
    .option('--no-history', 'keep nothing')
    .addHelpText('after', `\n${help}\n${examplesOf(context.name)}`)
    .action(async (target: string | undefined, flags: ReplFlags) => {
      const { repl } = await import('./repl.ts');
      setExitCode(await repl(context, target, flags));
    });
}

const help = `In it, help tells what there is:

  Orders/Get {"id": 7}           call a method; Tab completes methods, fields and values
  let id = $_.id                 keep what was answered
  Orders/Watch {"id": $id}       messages of a stream as they come, until Ctrl-C
  describe Orders/Get
  save session.zrpc              and load or replay it later

The history has no headers and variables whose names say that they are secret.
Without a terminal the exit status is that of the first input that failed.`;

function examplesOf(name: string): string {
  return examples(
    `${name} repl grpc://localhost:50051`,
    `${name} repl https://shop.example --proto shop.proto -H 'authorization: Bearer …' --editing vi`,
    `${name} repl unix:/run/shop.sock < inputs.zrpc`,
  );
}
