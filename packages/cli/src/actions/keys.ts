import { RpcError } from '@zeke/rpc';
import { openClient } from '../client.ts';
import type { CreateKeyFlags, KeysFlags } from '../commands/keys.ts';
import type { Context } from '../context.ts';
import { entityId, sending } from '../entities.ts';
import { parseMoment } from '../moment.ts';
import { printable } from '../output.ts';

/** A key as `/admin/keys` gives it. Times are milliseconds since the epoch. */
export interface ApiKey {
  id: string;
  name: string;
  owner: string;
  scopes: string[];
  allowedModels?: string[];
  last4: string;
  createdAtMs: number;
  expiresAtMs?: number;
  revokedAtMs?: number;
  lastUsedAtMs?: number;
  userId?: string;
  teamId?: string;
  tier?: string;
  privacy?: 'local_only';
  /** What rotations have replaced lately, the latest first. */
  retired?: { last4: string; validUntilMs: number; lastUsedAtMs?: number }[];
}

/** Makes a key. Its secret is the only thing on standard output, unless JSON is asked for. */
export async function createKey(
  context: Context,
  name: string,
  flags: CreateKeyFlags,
): Promise<void> {
  const { output } = context;
  const expiresAtMs = expiryOf(flags, Date.now());
  await using client = await openClient(context, flags);
  const { team, user } = flags;
  const body = {
    name,
    // A user is known by name already.
    owner: flags.owner ?? (user?.startsWith('user_') ? undefined : user),
    scopes: flags.scope,
    allowed_models: flags.model,
    expires_at: expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString(),
    user_id: user === undefined ? undefined : await entityId(client, 'users', user),
    tier: flags.tier,
    privacy: flags.privacy,
    team_id: team === undefined ? undefined : await entityId(client, 'teams', team),
  };
  const made = sending('POST', body);
  const key = await client.json<ApiKey & { secret: string }>('/admin/keys', made);
  if (flags.json) return output.json({ key });
  output.line(key.secret);
  output.note(`${key.id} "${printable(key.name)}": keep it well, it is not shown again`);
}

/** Lists keys without their secrets. */
export async function listKeys(context: Context, flags: KeysFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  if (flags.json) return output.json({ keys: data });
  if (data.length === 0)
    return output.note('there is no key yet: zeke keys create <name> makes one');
  const now = Date.now();
  output.table(
    ['ID', 'NAME', 'OWNER', 'SCOPES', 'MODELS', 'TIER', 'KEY', 'LAST USED', 'STATE'],
    data.map((key) => [
      key.id,
      key.name,
      key.owner,
      key.scopes.join(','),
      key.allowedModels?.join(',') ?? 'all',
      key.tier ?? 'default',
      `zk-…${key.last4}`,
      key.lastUsedAtMs === undefined ? 'never' : day(key.lastUsedAtMs),
      [stateOf(key, now), ...(key.privacy ? ['local only'] : [])].join('; '),
    ]),
  );
}

/** Gives a key a tier, or the default one. */
export async function setTier(
  context: Context,
  given: string,
  tier: string | undefined,
  flags: KeysFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  const path = `/admin/keys/${encodeURIComponent(keyId(given, data))}`;
  const key = await client.json<ApiKey>(path, sending('PATCH', { tier: tier ?? null }));
  if (flags.json) output.json({ key });
  else output.line(`${key.id} "${printable(key.name)}" has the tier ${key.tier ?? 'default'}`);
}

/** Lets a key's requests go to providers elsewhere, or not. */
export async function setPrivacy(
  context: Context,
  given: string,
  privacy: string,
  flags: KeysFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  const path = `/admin/keys/${encodeURIComponent(keyId(given, data))}`;
  const key = await client.json<ApiKey>(path, sending('PATCH', { privacy }));
  if (flags.json) output.json({ key });
  else output.line(`${key.id} "${printable(key.name)}" has the privacy ${key.privacy ?? 'any'}`);
}

/** Revokes a key by its id, or by its name where one usable key has it. */
export async function revokeKey(context: Context, given: string, flags: KeysFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  const path = `/admin/keys/${encodeURIComponent(keyId(given, data))}`;
  const key = await client.json<ApiKey>(path, { method: 'DELETE' });
  if (flags.json) output.json({ key });
  else output.line(`revoked ${key.id} "${printable(key.name)}"`);
}

/** The id of a key named by id or name. Throws `invalid_argument` for a name that several keys have. */
export function keyId(given: string, keys: readonly ApiKey[]): string {
  if (keys.some(({ id }) => id === given)) return given;
  const named = keys.filter(({ name }) => name === given);
  const usable = named.filter(({ revokedAtMs }) => revokedAtMs === undefined);
  const found = usable.length > 0 ? usable : named.slice(0, 1);
  if (found.length > 1) {
    const ids = found.map(({ id, last4 }) => `${id} (zk-…${last4})`).join(', ');
    throw new RpcError('invalid_argument', `several keys are called ${given}; say which: ${ids}`);
  }
  return found[0]?.id ?? given;
}

function expiryOf({ expires }: CreateKeyFlags, now: number): number | undefined {
  if (expires === undefined) return undefined;
  const atMs = parseMoment('--expires', expires, now);
  if (atMs > now) return atMs;
  throw new RpcError('invalid_argument', `--expires: ${expires} is in the past`);
}

function stateOf({ revokedAtMs, expiresAtMs, retired = [] }: ApiKey, now: number): string {
  if (revokedAtMs !== undefined) return `revoked ${day(revokedAtMs)}`;
  if (expiresAtMs !== undefined && expiresAtMs <= now) return `expired ${day(expiresAtMs)}`;
  const active = expiresAtMs === undefined ? 'active' : `active until ${day(expiresAtMs)}`;
  return [active, ...retired.map((secret) => retiredState(secret, now))].join('; ');
}

/** Of a secret that a rotation has replaced: whether it works still, and whether somebody uses it. */
function retiredState(
  { last4, lastUsedAtMs, validUntilMs }: NonNullable<ApiKey['retired']>[number],
  now: number,
): string {
  const time = (atMs: number) => new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
  const works = validUntilMs > now ? `works until ${time(validUntilMs)}` : 'works no more';
  const used = lastUsedAtMs === undefined ? 'not used since' : `used ${time(lastUsedAtMs)}`;
  return `old zk-…${last4} ${works}, ${used}`;
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
