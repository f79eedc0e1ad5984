import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../flags.ts';
import { type AgentFlags, modeOption, withRun } from './agent.ts';

export type WatchFlags = Omit<AgentFlags, 'agent' | 'worktree' | 'detach'>;

/** `zeke watch` */
export function addWatch(program: Command, context: Context): void {
  withRun(
    program
      .command('watch')
      .description('do what comments with AI! in the project say, and answer those with AI?'),
  )
    .addOption(modeOption())
    .option('-c, --continue', 'go on with the last session of this project')
    .option('-r, --resume <session>', 'go on with this session')
    .addHelpText(
      'after',
      examples(
        'zeke watch',
        'zeke watch --mode auto-edit --budget-usd 0.50',
        'zeke watch --continue',
      ),
    )
    .action(async (flags: WatchFlags) => {
      const { watchProject } = await import('../actions/watch.ts');
      await watchProject(context, flags);
    });
}
