import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig, withJson } from '../flags.ts';
import { type AgentFlags, modeOption, withRun } from './agent.ts';
import type { AskFlags } from './ask.ts';

/** `zeke explain PATH[:LINE[-LINE]] | WORDS` */
export function addExplain(program: Command, context: Context): void {
  withConfig(
    withJson(
      program.command('explain').description('explain a file, some lines of it, or a thing'),
    ),
  )
    .argument('<what...>', 'a path, path:line, path:first-last, or words')
    .option('-m, --model <model>', 'provider/model or an alias (assistant.model)')
    .addHelpText(
      'after',
      examples(
        'zeke explain src/loop.ts',
        'zeke explain src/loop.ts:10-40',
        'zeke explain "how retries are counted"',
        'npm test 2>&1 | zeke explain "why does this fail?"',
      ),
    )
    .action(async (words: string[], flags: AskFlags) => {
      const { explain } = await import('../actions/explain.ts');
      await explain(context, words, flags);
    });
}

/** `zeke refactor "what" [PATH…]` */
export function addRefactor(program: Command, context: Context, setExitCode: SetExitCode): void {
  withRun(
    program.command('refactor').description('change how code is written, and not what it does'),
  )
    .argument('<what>', 'what is to become different')
    .argument('[paths...]', 'only there')
    .addOption(modeOption())
    .option('--worktree', 'work in a git worktree of its own; the changes come back as a branch')
    .addHelpText(
      'after',
      examples(
        'zeke refactor "split this file by what it does" src/server.ts',
        'zeke refactor --mode full --worktree "no more callbacks" src/',
      ),
    )
    .action(async (what: string, paths: string[], flags: AgentFlags) => {
      const { refactor } = await import('../actions/refactor.ts');
      await refactor(context, { what, paths }, flags, setExitCode);
    });
}
