import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface CompleteFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly model?: string;
  readonly local?: boolean;
}

/** `zeke complete FILE:LINE:COL` */
export function addCompleteAt(program: Command, context: Context): void {
  withConfig(withJson(program.command('complete').description('complete the text at a place')))
    .argument('<place>', 'FILE:LINE:COLUMN, counted from 1; the column is before that character')
    .option('-m, --model <model>', 'provider/model or an alias (assistant.completion_model)')
    .option('--local', 'ask no model')
    .addHelpText(
      'after',
      examples('zeke complete src/main.ts:12:9', 'zeke complete src/main.ts:12:9 --local --json'),
    )
    .action(async (place: string, flags: CompleteFlags) => {
      const { completeAt } = await import('../actions/complete-at.ts');
      await completeAt(context, place, flags);
    });
}
