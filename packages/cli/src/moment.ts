import { parseTime } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * A moment as people write it, in milliseconds since the epoch: `30d` or `12h` from now (`direction`
 * 1) or back (-1), or a date or time in ISO 8601. Throws `invalid_argument` that names the flag.
 */
export function parseMoment(
  flag: string,
  text: string,
  now: number,
  direction: 1 | -1 = 1,
): number {
  const span = /^(\d{1,6})([mhdw])$/.exec(text);
  if (span) return now + direction * Number(span[1]) * unitMs[span[2] as keyof typeof unitMs];
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new RpcError(
    'invalid_argument',
    `${flag}: ${JSON.stringify(text)} is no time; write 30d, 12h or 2027-01-31`,
  );
}
