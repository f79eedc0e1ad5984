import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface ContentFlags {
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke content {show,delete}` */
export function addContent(program: Command, context: Context): void {
  const content = program
    .command('content')
    .description('prompts and answers, where [content] keeps them');
  withConfig(withJson(content.command('show <request-id>')))
    .description('a prompt and its answer; that you read them is on the audit log')
    .addHelpText('after', examples('zeke content show req_0193…'))
    .action(async (id: string, flags: ContentFlags) => {
      const { showContent } = await import('../actions/content.ts');
      await showContent(context, id, flags);
    });
  withConfig(withJson(content.command('delete <request-id>')))
    .description('forget a prompt and its answer')
    .addHelpText('after', examples('zeke content delete req_0193…'))
    .action(async (id: string, flags: ContentFlags) => {
      const { deleteContent } = await import('../actions/content.ts');
      await deleteContent(context, id, flags);
    });
}
