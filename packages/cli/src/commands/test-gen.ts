import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples } from '../flags.ts';
import { withRun } from './agent.ts';

export interface TestGenFlags {
  readonly config?: string;
  readonly model?: string;
  readonly maxSteps?: string;
  readonly budgetUsd?: string;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly command?: string;
  readonly testTimeout?: string;
}

/** `zeke test-gen PATH` */
export function addTestGen(program: Command, context: Context, setExitCode: SetExitCode): void {
  withRun(
    program
      .command('test-gen')
      .description('write tests for a file; what passes and covers more stays'),
  )
    .argument('<path>', 'the file that gets tests')
    .argument('[words...]', 'what to look at, in your own words')
    .option('--command <command>', 'what runs the tests (found by the files of the project)')
    .option('--test-timeout <seconds>', 'how long one run of tests may take (300)')
    .addHelpText(
      'after',
      examples(
        'zeke test-gen src/sum.ts',
        'zeke test-gen src/parse.py "the broken inputs, above all"',
        'zeke test-gen --command "bun test --preload ./test/setup.ts" src/sum.ts',
        'zeke test-gen --json --budget-usd 0.50 src/sum.ts',
      ),
    )
    .action(async (path: string, words: string[], flags: TestGenFlags) => {
      const { testGen } = await import('../actions/test-gen.ts');
      await testGen(context, path, words.join(' '), flags, setExitCode);
    });
}
