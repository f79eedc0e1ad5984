import { RpcError } from '@zeke/rpc';
import type { GatewayClient } from './client.ts';

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

/** Sends a JSON body. */
export function sending(method: 'POST' | 'PUT' | 'PATCH', body: object): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
