import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from '../client.ts';
import type { ResetLimitsFlags } from '../commands/keys.ts';
import type { Context } from '../context.ts';
import { entityId, sending } from '../entities.ts';
import { printable } from '../output.ts';
import { type ApiKey, keyId } from './keys.ts';

/** What `POST /admin/limits/reset` answers. */
interface Reset {
  kind: string;
  id: string;
  freed: string[];
}

const otherKinds = ['user', 'team', 'owner', 'model', 'address'] as const;

/** Gives one that is limited all its requests and tokens again. */
export async function resetLimits(
  context: Context,
  given: string | undefined,
  flags: ResetLimitsFlags,
): Promise<void> {
  const { output } = context;
  const subject = subjectOf(given, flags);
  await using client = await openClient(context, flags);
  const body = { kind: subject.kind, id: await idOf(client, subject) };
  const reset = await client.json<Reset>('/admin/limits/reset', sending('POST', body));
  if (flags.json) return output.json(reset);
  const { freed, id, kind } = reset;
  output.line(
    `${kind} ${printable(id)}: ${freed.length === 0 ? 'nothing was lacking' : told(freed)}`,
  );
  if (client.url === undefined) {
    output.note('no server runs here: one elsewhere, named by ZEKE_URL, has counts of its own');
  }
}

type Subject = { kind: 'key' | (typeof otherKinds)[number]; name: string };

/** The one that is named. Throws `invalid_argument` for none, or several. */
function subjectOf(key: string | undefined, flags: ResetLimitsFlags): Subject {
  const named: Subject[] = key === undefined ? [] : [{ kind: 'key', name: key }];
  for (const kind of otherKinds) {
    const name = flags[kind];
    if (name !== undefined) named.push({ kind, name });
  }
  const [subject, ...more] = named;
  if (subject && more.length === 0) return subject;
  const flagNames = otherKinds.map((kind) => `--${kind}`).join(', ');
  throw new RpcError('invalid_argument', `name one to reset: a key, or one by ${flagNames}`);
}

async function idOf(client: GatewayClient, { kind, name }: Subject): Promise<string> {
  if (kind === 'user') return entityId(client, 'users', name);
  if (kind === 'team') return entityId(client, 'teams', name);
  if (kind !== 'key') return name;
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  return keyId(name, data);
}

function told(freed: readonly string[]): string {
  const words = freed.map((each) => (each === 'auth_failures' ? 'room for wrong keys' : each));
  return `has all its ${words.join(' and ')} again`;
}
