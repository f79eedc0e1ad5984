import { RpcError } from '@zeke/rpc';
import { openClient } from '../client.ts';
import type { RotateKeyFlags } from '../commands/keys.ts';
import type { Context } from '../context.ts';
import { sending } from '../entities.ts';
import { parseMoment } from '../moment.ts';
import { printable } from '../output.ts';
import { type ApiKey, keyId } from './keys.ts';

/** Gives a key a new secret, which is the only thing on standard output, unless JSON is asked for. */
export async function rotateKey(
  context: Context,
  given: string,
  flags: RotateKeyFlags,
): Promise<void> {
  const { output } = context;
  const graceSeconds = secondsOf('--grace', flags.grace ?? '24h');
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  const path = `/admin/keys/${encodeURIComponent(keyId(given, data))}/rotate`;
  const request = sending('POST', { grace_s: graceSeconds });
  const key = await client.json<ApiKey & { secret: string }>(path, request);
  if (flags.json) return output.json({ key });
  output.line(key.secret);
  const [before] = key.retired ?? [];
  const until = new Date(before?.validUntilMs ?? 0).toISOString();
  const grace =
    graceSeconds === 0
      ? `the one ending in ${before?.last4} works no more`
      : `the one ending in ${before?.last4} works until ${until}`;
  output.note(`${key.id} "${printable(key.name)}": keep it well, it is not shown again; ${grace}`);
}

/** A length of time as seconds: `24h`, or 0. */
function secondsOf(flag: string, text: string): number {
  if (text === '0') return 0;
  if (/^\d+[mhdw]$/.test(text)) return parseMoment(flag, text, 0) / 1_000;
  const message = `${flag}: ${JSON.stringify(text)} is no length of time; write 24h, 30m, 7d or 0`;
  throw new RpcError('invalid_argument', message);
}
