import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface AskFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly model?: string;
  readonly continue?: boolean;
}

/** `zeke ask "question"` */
export function addAsk(program: Command, context: Context): void {
  withConfig(withJson(program.command('ask').description('ask about the project of this folder')))
    .argument('[question...]', 'what is piped in is added')
    .option('-m, --model <model>', 'provider/model or an alias (assistant.model)')
    .option('-c, --continue', 'go on with the last session of this project')
    .addHelpText(
      'after',
      examples(
        'zeke ask "where is the retry budget counted?"',
        'zeke ask "what does @file:src/loop.ts:10-40 do?"',
        'git diff | zeke ask "what could break here?"',
      ),
    )
    .action(async (words: string[], flags: AskFlags) => {
      const { askProject } = await import('../actions/ask.ts');
      await askProject(context, words.join(' '), flags);
    });
}
