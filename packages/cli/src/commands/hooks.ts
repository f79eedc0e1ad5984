import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withJson } from '../flags.ts';

export interface HooksFlags {
  readonly json?: boolean;
}

/** `zeke hooks {list,trust,distrust}` */
export function addHooks(program: Command, context: Context): void {
  const hooks = program
    .command('hooks')
    .description('programs that run when the assistant works in the project of this folder');
  withJson(
    hooks
      .command('list', { isDefault: true })
      .description('all of them, and whether those of the project are trusted'),
  )
    .addHelpText('after', examples('zeke hooks', 'zeke hooks list --json'))
    .action(async (flags: HooksFlags) => {
      const { listHooks } = await import('../actions/hooks.ts');
      await listHooks(context, flags);
    });
  withJson(
    hooks
      .command('trust')
      .description(
        "let the project's own .zeke/hooks.json run, with its scripts, as they stand now",
      ),
  )
    .addHelpText('after', examples('zeke hooks trust'))
    .action(async (flags: HooksFlags) => {
      const { trustProjectHooks } = await import('../actions/hooks.ts');
      await trustProjectHooks(context, flags);
    });
  withJson(hooks.command('distrust').description("do not run the project's hooks any more"))
    .addHelpText('after', examples('zeke hooks distrust'))
    .action(async (flags: HooksFlags) => {
      const { distrustProjectHooks } = await import('../actions/hooks.ts');
      await distrustProjectHooks(context, flags);
    });
}
