import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from '../client.ts';
import type { EntityFlags } from '../commands/orgs.ts';
import type { CreateUserFlags, SetUserFlags } from '../commands/users.ts';
import type { Context } from '../context.ts';
import { changeEntity, type Entity, entitiesOf, entityId, sending } from '../entities.ts';

/** Makes a user of an organisation. Its id is on standard output. */
export async function createUser(
  context: Context,
  name: string,
  flags: CreateUserFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const body = {
    name,
    org_id: await entityId(client, 'orgs', flags.org),
    team_id: flags.team === undefined ? undefined : await entityId(client, 'teams', flags.team),
    role: flags.role,
  };
  const user = await client.json<Entity>('/admin/users', sending('POST', body));
  if (flags.json) output.json({ user });
  else output.line(user.id);
}

export async function listUsers(context: Context, flags: EntityFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const users = await entitiesOf(client, 'users');
  if (flags.json) return output.json({ users });
  if (users.length === 0) {
    return output.note('there is no user yet: zeke users create <name> --org <org> makes one');
  }
  const named = async (kind: 'orgs' | 'teams') =>
    new Map((await entitiesOf(client, kind)).map(({ id, name }) => [id, name]));
  const [orgs, teams] = [await named('orgs'), await named('teams')];
  output.table(
    ['ID', 'NAME', 'ORG', 'TEAM', 'ROLE'],
    users.map(({ id, name, orgId = '', teamId = '-', role = '' }) => [
      id,
      name,
      orgs.get(orgId) ?? orgId,
      teams.get(teamId) ?? teamId,
      role,
    ]),
  );
}

/** Changes name, team or role of a user. */
export async function setUser(context: Context, given: string, flags: SetUserFlags): Promise<void> {
  const { name, role, team } = flags;
  if (name === undefined && role === undefined && team === undefined) {
    throw new RpcError('invalid_argument', 'say what to change: --name, --team or --role');
  }
  const request = async (client: GatewayClient) =>
    sending('PATCH', { name, role, team_id: await teamIdOf(client, team) });
  const told = (id: string, newName: string) => `changed ${id} ${newName}`;
  await changeEntity(context, { kind: 'users', given, request, told }, flags);
}

/** `none` takes a user out of its team. */
async function teamIdOf(
  client: GatewayClient,
  team: string | undefined,
): Promise<string | null | undefined> {
  if (team === undefined) return undefined;
  return team === 'none' ? null : entityId(client, 'teams', team);
}

/** Removes a user, and revokes its keys. */
export async function removeUser(
  context: Context,
  given: string,
  flags: EntityFlags,
): Promise<void> {
  const request = () => ({ method: 'DELETE' });
  const told = (id: string, name: string) => `removed ${id} ${name} and revoked its keys`;
  await changeEntity(context, { kind: 'users', given, request, told }, flags);
}
