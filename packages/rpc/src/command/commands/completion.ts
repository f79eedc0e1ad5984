import { Argument, type Command } from 'commander';
import { type Shell, shells } from '../completion/candidate.ts';
import type { Context } from '../context.ts';
import { examples } from '../flags.ts';

/** `zrpc completion`. As a part of another program, that one completes it. */
export function addCompletion(program: Command, context: Context): void {
  const { name } = context;
  if (name.includes(' ')) return;
  program
    .command('completion')
    .description('print a script that completes commands, flags and names')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      examples(
        `${name} completion bash >> ~/.bashrc`,
        `${name} completion zsh > ~/.zfunc/_${name}`,
        `${name} completion fish > ~/.config/fish/completions/${name}.fish`,
      ),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../completion/completion-script.ts');
      context.output.write(completionScript(shell, name));
    });
}
