import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface ConfigCommandFlags {
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke config {check,show}` */
export function addConfig(program: Command, context: Context, setExitCode: SetExitCode): void {
  const config = program.command('config').description('check and show the configuration');
  withConfig(withJson(config.command('check').description('tell every fault, with its line')))
    .addHelpText('after', examples('zeke config check', 'zeke config check --config new.toml'))
    .action(async (flags: ConfigCommandFlags) => {
      const { checkConfig } = await import('../actions/config.ts');
      setExitCode(await checkConfig(context, flags));
    });
  withConfig(
    withJson(
      config
        .command('show')
        .description('show what is in force and where it comes from; secrets are hidden'),
    ),
  )
    .addHelpText('after', examples('zeke config show', 'zeke config show --json'))
    .action(async (flags: ConfigCommandFlags) => {
      const { showConfig } = await import('../actions/config.ts');
      await showConfig(context, flags);
    });
}
