import { Argument, type Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../flags.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** `zeke completion` */
export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and names')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      examples(
        'zeke completion bash >> ~/.bashrc',
        'zeke completion zsh > ~/.zfunc/_zeke',
        'zeke completion fish > ~/.config/fish/completions/zeke.fish',
      ),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('@zeke/rpc/command');
      context.output.write(completionScript(shell, 'zeke'));
    });
}
