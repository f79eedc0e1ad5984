import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface UndoFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly session?: string;
  readonly force?: boolean;
}

/** `zeke undo`, `zeke redo` and `zeke diff` */
export function addUndo(program: Command, context: Context): void {
  const shared = (command: Command) =>
    withConfig(withJson(command)).option(
      '-s, --session <session>',
      'else the last of this project',
    );
  shared(program.command('undo').description("take back an agent's last step that changed files"))
    .option('--force', 'also files that somebody else changed since')
    .addHelpText('after', examples('zeke undo', 'zeke undo --session 0193f'))
    .action(async (flags: UndoFlags) => {
      const { undo } = await import('../actions/undo.ts');
      await undo(context, flags);
    });
  shared(program.command('redo').description('do again what was undone last'))
    .option('--force', 'also files that somebody else changed since')
    .addHelpText('after', examples('zeke redo'))
    .action(async (flags: UndoFlags) => {
      const { redo } = await import('../actions/undo.ts');
      await redo(context, flags);
    });
  shared(program.command('diff').description('what a session has changed in files'))
    .addHelpText('after', examples('zeke diff', 'zeke diff --session 0193f --json'))
    .action(async (flags: UndoFlags) => {
      const { diff } = await import('../actions/undo.ts');
      await diff(context, flags);
    });
}
