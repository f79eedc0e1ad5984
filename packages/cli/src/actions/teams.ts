import { openClient } from '../client.ts';
import type { EntityFlags } from '../commands/orgs.ts';
import type { CreateTeamFlags } from '../commands/teams.ts';
import type { Context } from '../context.ts';
import { changeEntity, type Entity, entitiesOf, entityId, sending } from '../entities.ts';

/** Makes a team of an organisation. Its id is on standard output. */
export async function createTeam(
  context: Context,
  name: string,
  flags: CreateTeamFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const org = await entityId(client, 'orgs', flags.org);
  const body = { name, org_id: org };
  const team = await client.json<Entity>('/admin/teams', sending('POST', body));
  if (flags.json) output.json({ team });
  else output.line(team.id);
}

export async function listTeams(context: Context, flags: EntityFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const teams = await entitiesOf(client, 'teams');
  if (flags.json) return output.json({ teams });
  if (teams.length === 0) {
    return output.note('there is no team yet: zeke teams create <name> --org <org> makes one');
  }
  const orgs = new Map((await entitiesOf(client, 'orgs')).map(({ id, name }) => [id, name]));
  output.table(
    ['ID', 'NAME', 'ORG'],
    teams.map(({ id, name, orgId = '' }) => [id, name, orgs.get(orgId) ?? orgId]),
  );
}

export async function renameTeam(
  context: Context,
  given: string,
  name: string,
  flags: EntityFlags,
): Promise<void> {
  const request = () => sending('PATCH', { name });
  const told = (id: string, newName: string) => `${id} is now ${newName}`;
  await changeEntity(context, { kind: 'teams', given, request, told }, flags);
}

/** Removes a team without users, and revokes its keys. */
export async function removeTeam(
  context: Context,
  given: string,
  flags: EntityFlags,
): Promise<void> {
  const request = () => ({ method: 'DELETE' });
  const told = (id: string, name: string) => `removed ${id} ${name} and revoked its keys`;
  await changeEntity(context, { kind: 'teams', given, request, told }, flags);
}
