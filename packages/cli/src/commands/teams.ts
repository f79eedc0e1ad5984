import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples, withConfig, withJson } from '../flags.ts';
import type { EntityFlags } from './orgs.ts';

export interface CreateTeamFlags extends EntityFlags {
  readonly org: string;
}

/** `zeke teams {create,list,rename,remove}` */
export function addTeams(program: Command, context: Context): void {
  const teams = program.command('teams').description('teams of organisations');
  withConfig(withJson(teams.command('create <name>').description('make a team')))
    .requiredOption('--org <org>', 'its organisation, by name or id')
    .addHelpText('after', examples('zeke teams create research --org acme'))
    .action(async (name: string, flags: CreateTeamFlags) => {
      const { createTeam } = await import('../actions/teams.ts');
      await createTeam(context, name, flags);
    });
  withConfig(withJson(teams.command('list').description('list the teams')))
    .addHelpText('after', examples('zeke teams list'))
    .action(async (flags: EntityFlags) => {
      const { listTeams } = await import('../actions/teams.ts');
      await listTeams(context, flags);
    });
  withConfig(withJson(teams.command('rename <team> <name>').description('give another name')))
    .addHelpText('after', examples('zeke teams rename research science'))
    .action(async (team: string, name: string, flags: EntityFlags) => {
      const { renameTeam } = await import('../actions/teams.ts');
      await renameTeam(context, team, name, flags);
    });
  withConfig(
    withJson(
      teams.command('remove <team>').description('remove one without users, and revoke its keys'),
    ),
  )
    .addHelpText('after', examples('zeke teams remove research'))
    .action(async (team: string, flags: EntityFlags) => {
      const { removeTeam } = await import('../actions/teams.ts');
      await removeTeam(context, team, flags);
    });
}
