import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, list, withConfig, withJson } from '../flags.ts';

export interface UsageFlags {
  readonly by?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke usage` */
export function addUsage(program: Command, context: Context): void {
  withConfig(withJson(program.command('usage').description('sum up tokens and costs')))
    .addOption(
      new Option(
        '--by <groups>',
        'day, key, owner, org, team, user, model, provider; several with commas',
      )
        .argParser(list)
        .default(undefined, 'day'),
    )
    .option('--from <when>', 'from this time on: 7d, 12h, or a date such as 2026-11-01 (UTC)')
    .option('--to <when>', 'up to this time, without it')
    .addHelpText(
      'after',
      examples(
        'zeke usage',
        'zeke usage --by model,key --from 7d',
        'zeke usage --by provider --json',
      ),
    )
    .action(async (flags: UsageFlags) => {
      const { usage } = await import('../actions/usage.ts');
      await usage(context, flags);
    });
}
