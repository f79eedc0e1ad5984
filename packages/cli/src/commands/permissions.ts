import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface PermissionsFlags {
  readonly json?: boolean;
  readonly config?: string;
}

export interface ExplainFlags extends PermissionsFlags {
  readonly mode?: 'plan' | 'ask' | 'auto-edit' | 'full';
}

export interface ForgetFlags extends PermissionsFlags {
  readonly all?: boolean;
}

/** `zeke permissions {explain,list,forget,trust}` */
export function addPermissions(program: Command, context: Context): void {
  const permissions = program
    .command('permissions')
    .description('what the assistant may do in the project of this folder');
  withConfig(
    withJson(
      permissions.command('explain').description('what a command would be told, part by part'),
    ),
  )
    .argument('<command>', 'a command line, in quotes; it is not run')
    .addOption(
      new Option('--mode <mode>', "instead of the configuration's").choices([
        'plan',
        'ask',
        'auto-edit',
        'full',
      ]),
    )
    .addHelpText(
      'after',
      examples(
        "zeke permissions explain 'npm test && git push'",
        "zeke permissions explain --mode full 'rm -rf build'",
      ),
    )
    .action(async (command: string, flags: ExplainFlags) => {
      const { explainPermissions } = await import('../actions/permissions.ts');
      await explainPermissions(context, command, flags);
    });
  withJson(permissions.command('list').description('all rules, and where each stands'))
    .addHelpText('after', examples('zeke permissions list', 'zeke permissions list --json'))
    .action(async (flags: PermissionsFlags) => {
      const { listPermissions } = await import('../actions/permissions.ts');
      await listPermissions(context, flags);
    });
  withJson(permissions.command('forget').description('take back what was allowed for this project'))
    .argument('[rule]', 'as the list shows it')
    .option('--all', 'all that was allowed for this project')
    .addHelpText(
      'after',
      examples("zeke permissions forget 'shell(npm test *)'", 'zeke permissions forget --all'),
    )
    .action(async (rule: string | undefined, flags: ForgetFlags) => {
      const { forgetPermissions } = await import('../actions/permissions.ts');
      await forgetPermissions(context, rule, flags);
    });
  withJson(
    permissions
      .command('trust')
      .description("let the project's own .zeke/permissions.toml allow things, as it stands now"),
  )
    .addHelpText('after', examples('zeke permissions trust'))
    .action(async (flags: PermissionsFlags) => {
      const { trustPermissions } = await import('../actions/permissions.ts');
      await trustPermissions(context, flags);
    });
}
