import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';
import type { EntityFlags } from './orgs.ts';

export interface CreateUserFlags extends EntityFlags {
  readonly org: string;
  readonly team?: string;
  readonly role?: string;
}

export interface SetUserFlags extends EntityFlags {
  readonly name?: string;
  readonly team?: string;
  readonly role?: string;
}

/** `zeke users {create,list,set,remove}` */
export function addUsers(program: Command, context: Context): void {
  const users = program.command('users').description('users of organisations, and their roles');
  withConfig(withJson(users.command('create <name>').description('make a user')))
    .requiredOption('--org <org>', 'its organisation, by name or id')
    .option('--team <team>', 'its team, by name or id')
    .addOption(roleOption().default(undefined, 'member'))
    .addHelpText(
      'after',
      examples(
        'zeke users create ada --org acme --team research --role manager',
        'zeke keys create "laptop of ada" --user ada',
      ),
    )
    .action(async (name: string, flags: CreateUserFlags) => {
      const { createUser } = await import('../actions/users.ts');
      await createUser(context, name, flags);
    });
  withConfig(withJson(users.command('list').description('list the users')))
    .addHelpText('after', examples('zeke users list'))
    .action(async (flags: EntityFlags) => {
      const { listUsers } = await import('../actions/users.ts');
      await listUsers(context, flags);
    });
  withConfig(withJson(users.command('set <user>').description('change name, team or role')))
    .option('--name <name>', 'another name')
    .option('--team <team>', 'another team, by name or id, or none')
    .addOption(roleOption())
    .addHelpText(
      'after',
      examples('zeke users set ada --role admin', 'zeke users set ada --team none'),
    )
    .action(async (user: string, flags: SetUserFlags) => {
      const { setUser } = await import('../actions/users.ts');
      await setUser(context, user, flags);
    });
  withConfig(
    withJson(users.command('remove <user>').description('remove a user, and revoke its keys')),
  )
    .addHelpText('after', examples('zeke users remove ada'))
    .action(async (user: string, flags: EntityFlags) => {
      const { removeUser } = await import('../actions/users.ts');
      await removeUser(context, user, flags);
    });
}

function roleOption(): Option {
  return new Option('--role <role>', 'what it may do').choices([
    'admin',
    'manager',
    'member',
    'viewer',
  ]);
}
