import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';

export interface EntityFlags {
  readonly json?: boolean;
  readonly config?: string;
}

/** `zeke orgs {create,list,rename,remove}` */
export function addOrgs(program: Command, context: Context): void {
  const orgs = program.command('orgs').description('organisations: the top of the hierarchy');
  withConfig(withJson(orgs.command('create <name>').description('make an organisation')))
    .addHelpText('after', examples('zeke orgs create acme'))
    .action(async (name: string, flags: EntityFlags) => {
      const { createOrg } = await import('../actions/orgs.ts');
      await createOrg(context, name, flags);
    });
  withConfig(withJson(orgs.command('list').description('list the organisations')))
    .addHelpText('after', examples('zeke orgs list', 'zeke orgs list --json'))
    .action(async (flags: EntityFlags) => {
      const { listOrgs } = await import('../actions/orgs.ts');
      await listOrgs(context, flags);
    });
  withConfig(withJson(orgs.command('rename <org> <name>').description('give another name')))
    .addHelpText('after', examples('zeke orgs rename acme "acme inc"'))
    .action(async (org: string, name: string, flags: EntityFlags) => {
      const { renameOrg } = await import('../actions/orgs.ts');
      await renameOrg(context, org, name, flags);
    });
  withConfig(
    withJson(orgs.command('remove <org>').description('remove one without teams and users')),
  )
    .addHelpText('after', examples('zeke orgs remove acme'))
    .action(async (org: string, flags: EntityFlags) => {
      const { removeOrg } = await import('../actions/orgs.ts');
      await removeOrg(context, org, flags);
    });
}
