import { openClient } from '../client.ts';
import type { EntityFlags } from '../commands/orgs.ts';
import type { Context } from '../context.ts';
import { type Entity, entitiesOf, entityId, sending } from '../entities.ts';
import { printable } from '../output.ts';

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
  const { output } = context;
  await using client = await openClient(context, flags);
  const id = await entityId(client, 'orgs', given);
  const path = `/admin/orgs/${encodeURIComponent(id)}`;
  const org = await client.json<Entity>(path, sending('PATCH', { name }));
  if (flags.json) output.json({ org });
  else output.line(`${org.id} is now "${printable(org.name)}"`);
}

/** Removes an organisation without teams and users. */
export async function removeOrg(
  context: Context,
  given: string,
  flags: EntityFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const id = await entityId(client, 'orgs', given);
  const path = `/admin/orgs/${encodeURIComponent(id)}`;
  const org = await client.json<Entity>(path, { method: 'DELETE' });
  if (flags.json) output.json({ org });
  else output.line(`removed ${org.id} "${printable(org.name)}"`);
}
