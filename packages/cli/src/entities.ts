import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from './client.ts';
import type { ConfigFlags } from './config.ts';
import type { Context } from './context.ts';
import { printable } from './output.ts';

/** What `/admin/orgs`, `/admin/teams` and `/admin/users` give. Times are milliseconds since the epoch. */
export interface Entity {
  readonly id: string;
  readonly name: string;
  readonly orgId?: string;
  readonly teamId?: string;
  readonly role?: string;
  readonly createdAtMs: number;
}

export type EntityKind = 'orgs' | 'teams' | 'users';

/** Those that the caller may see. */
export async function entitiesOf(client: GatewayClient, kind: EntityKind): Promise<Entity[]> {
  return (await client.json<{ data: Entity[] }>(`/admin/${kind}`)).data;
}

/**
 * The id of what was named by id or name; what nobody has is given as it is, for the server to say so.
 * Throws `invalid_argument` for a name that several have.
 */
export async function entityId(
  client: GatewayClient,
  kind: EntityKind,
  given: string,
): Promise<string> {
  const all = await entitiesOf(client, kind);
  if (all.some(({ id }) => id === given)) return given;
  const named = all.filter(({ name }) => name === given);
  if (named.length <= 1) return named[0]?.id ?? given;
  const ids = named.map(({ id }) => id).join(', ');
  throw new RpcError('invalid_argument', `several ${kind} are called ${given}; say which: ${ids}`);
}

interface Change {
  readonly kind: EntityKind;
  /** Its id or name. */
  readonly given: string;
  /** What is asked of it, made where other entities have to be looked up first. */
  readonly request: (client: GatewayClient) => Promise<RequestInit> | RequestInit;
  /** What a person is told of it afterwards; the name stands in quotes. */
  readonly told: (id: string, name: string) => string;
}

const one = { orgs: 'org', teams: 'team', users: 'user' } as const;

/** Changes or removes one entity, and says so. */
export async function changeEntity(
  context: Context,
  { kind, given, request, told }: Change,
  flags: ConfigFlags & { readonly json?: boolean },
): Promise<void> {
  await using client = await openClient(context, flags);
  const id = await entityId(client, kind, given);
  const path = `/admin/${kind}/${encodeURIComponent(id)}`;
  const entity = await client.json<Entity>(path, await request(client));
  if (flags.json) context.output.json({ [one[kind]]: entity });
  else context.output.line(told(entity.id, `"${printable(entity.name)}"`));
}

/** Sends a JSON body. */
export function sending(method: 'POST' | 'PUT' | 'PATCH', body: object): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
