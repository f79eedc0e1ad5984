import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig } from '../flags.ts';
import { withRun } from './agent.ts';

export interface ReviewFlags {
  readonly config?: string;
  readonly model?: string;
  readonly maxSteps?: string;
  readonly budgetUsd?: string;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly staged?: boolean;
  readonly patch?: string;
  readonly format: 'text' | 'json' | 'sarif';
  readonly failOn?: string;
}

export interface CommitFlags {
  readonly config?: string;
  readonly model?: string;
  readonly message?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `zeke review` */
export function addReview(program: Command, context: Context, setExitCode: SetExitCode): void {
  const review = program.command('review').description('review a change before it goes in');
  withRun(review, 'print the findings as JSON, as --format json does')
    .argument('[range]', 'commits as git names them; else what is not committed')
    .option('--staged', 'only what is staged')
    .option('--patch <file>', 'a unified diff in a file; - reads it from standard input')
    .addOption(
      new Option('--format <format>', 'how findings are told')
        .choices(['text', 'json', 'sarif'])
        .default('text'),
    )
    .addOption(
      new Option(
        '--fail-on <severity>',
        'end with 1 where there is a finding so bad or worse',
      ).choices(['critical', 'major', 'minor', 'nit']),
    )
    .addHelpText(
      'after',
      examples(
        'zeke review',
        'zeke review main...HEAD --fail-on major',
        'zeke review --staged --format sarif > review.sarif',
        'git show abc123 | zeke review --patch -',
      ),
    )
    .action(async (range: string | undefined, flags: ReviewFlags) => {
      const { reviewChange } = await import('../actions/review.ts');
      await reviewChange(context, range, flags, setExitCode);
    });
}

/** `zeke commit` */
export function addCommit(program: Command, context: Context): void {
  withConfig(program.command('commit').description('commit what is staged, with a message for it'))
    .option('-m, --message <hint>', 'what to say of it, in your own words')
    .option('--model <model>', 'provider/model or an alias (assistant.small_model)')
    .option('-y, --yes', 'do not ask whether the message will do')
    .option('--dry-run', 'only print the message')
    .addHelpText(
      'after',
      examples('git add -p && zeke commit', 'zeke commit -m "it was too slow"', 'zeke commit -y'),
    )
    .action(async (flags: CommitFlags) => {
      const { commitStaged } = await import('../actions/commit.ts');
      await commitStaged(context, flags);
    });
}
