import { openClient } from '../client.ts';
import type { EntityFlags } from '../commands/orgs.ts';
import type { Context } from '../context.ts';
import { changeEntity, type Entity, entitiesOf, sending } from '../entities.ts';

/** Makes an organisation. Its id is on standard output. */
export async function createOrg(context: Context, name: string, flags: EntityFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const org = await client.json<Entity>('/admin/orgs', sending('POST', { name }));
  if (flags.json) output.json({ org });
  else output.line(org.id);
}

export async function listOrgs(context: Context, flags: EntityFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const orgs = await entitiesOf(client, 'orgs');
  if (flags.json) return output.json({ orgs });
  if (orgs.length === 0) {
    return output.note('there is no organisation yet: zeke orgs create <name> makes one');
  }
  output.table(
    ['ID', 'NAME'],
    orgs.map(({ id, name }) => [id, name]),
  );
}

export async function renameOrg(
  context: Context,
  given: string,
  name: string,
  flags: EntityFlags,
): Promise<void> {
  const request = () => sending('PATCH', { name });
  const told = (id: string, newName: string) => `${id} is now ${newName}`;
  await changeEntity(context, { kind: 'orgs', given, request, told }, flags);
}

/** Removes an organisation without teams and users. */
export async function removeOrg(
  context: Context,
  given: string,
  flags: EntityFlags,
): Promise<void> {
  const request = () => ({ method: 'DELETE' });
  const told = (id: string, name: string) => `removed ${id} ${name}`;
  await changeEntity(context, { kind: 'orgs', given, request, told }, flags);
}
