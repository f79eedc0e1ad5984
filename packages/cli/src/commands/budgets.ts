import { Argument, type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface BudgetsFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface BudgetFlags extends BudgetsFlags {
  readonly per?: string;
  readonly soft?: boolean;
}

/** `zeke budgets {set,list,remove}` */
export function addBudgets(program: Command, context: Context): void {
  const budgets = program.command('budgets').description('what may be spent, and what is');
  ofOne(budgets.command('set').description('set a budget; what was spent before counts'))
    .argument('<usd>', 'the limit in USD')
    .addHelpText(
      'after',
      examples(
        'zeke budgets set org acme 500',
        'zeke budgets set key laptop 2.50 --per day',
        'zeke budgets set org acme 400 --soft',
        'zeke budgets set tag project=alpha 0.10 --per request',
      ),
    )
    .action(async (kind: string, whose: string, usd: string, flags: BudgetFlags) => {
      const { setBudget } = await import('../actions/budgets.ts');
      await setBudget(context, kind, whose, usd, flags);
    });
  withConfig(withJson(budgets.command('list').description('list all, with what is used of them')))
    .addHelpText('after', examples('zeke budgets list', 'zeke budgets list --json'))
    .action(async (flags: BudgetsFlags) => {
      const { listBudgets } = await import('../actions/budgets.ts');
      await listBudgets(context, flags);
    });
  ofOne(budgets.command('remove').description('take a budget away'))
    .addHelpText('after', examples('zeke budgets remove key laptop --per day'))
    .action(async (kind: string, whose: string, flags: BudgetFlags) => {
      const { removeBudget } = await import('../actions/budgets.ts');
      await removeBudget(context, kind, whose, flags);
    });
}

function ofOne(command: Command): Command {
  return withConfig(withJson(command))
    .addArgument(
      new Argument('<kind>', 'of what').choices(['org', 'team', 'user', 'key', 'provider', 'tag']),
    )
    .argument('<whose>', 'its name or id; a tag as requests say it')
    .addOption(
      new Option('--per <period>', 'for how long')
        .choices(['request', 'day', 'month'])
        .default(undefined, 'month'),
    )
    .option('--soft', 'warn only, and refuse nothing');
}
