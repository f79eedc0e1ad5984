import { type GatewayClient, openClient } from '../client.ts';
import type { AuditFlags } from '../commands/audit.ts';
import type { Context } from '../context.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { parseMoment } from '../moment.ts';

/** An entry as `/admin/audit` gives it. Times are milliseconds since the epoch. */
interface AuditEntry {
  seq: number;
  atMs: number;
  actor: string;
  keyId?: string;
  owner?: string;
  action: string;
  objectKind: string;
  objectId?: string;
  address?: string;
  outcome: string;
  detail: Record<string, unknown>;
}

/** As `/admin/audit/verify` gives it. */
interface ChainReport {
  entries: number;
  /** Before them, by retention. */
  removed: number;
  head: string;
  fault?: { seq: number; kind: string; message: string };
}

const pageEntries = 1_000;

/** Shows the latest entries. */
export async function listAudit(context: Context, flags: AuditFlags): Promise<void> {
  const { output } = context;
  const query = new URLSearchParams({ ...chosenBy(flags), limit: flags.limit ?? '50' });
  await using client = await openClient(context, flags);
  const entries = await page(client, query);
  if (flags.json) return output.json({ entries });
  if (entries.length === 0) return output.note('there is no such entry');
  output.table(
    ['NO', 'WHEN', 'WHO', 'FROM', 'ACTION', 'OBJECT', 'OUTCOME', 'DETAIL'],
    entries.map((entry) => [
      String(entry.seq),
      new Date(entry.atMs).toISOString().replace('T', ' ').slice(0, 19),
      entry.keyId === undefined ? entry.actor : `${entry.owner ?? ''} (${entry.keyId})`,
      entry.address ?? '-',
      entry.action,
      entry.objectId ?? entry.objectKind,
      entry.outcome,
      JSON.stringify(entry.detail),
    ]),
  );
}

/** Writes all entries, a JSON object a line. */
export async function exportAudit(context: Context, flags: AuditFlags): Promise<void> {
  const query = new URLSearchParams({
    ...chosenBy(flags),
    all: 'true',
    order: 'asc',
    limit: String(pageEntries),
  });
  await using client = await openClient(context, flags);
  for (;;) {
    const entries = await page(client, query);
    for (const entry of entries) context.output.line(JSON.stringify(entry));
    await context.output.flush();
    const last = entries.at(-1);
    if (last === undefined || entries.length < pageEntries) return;
    query.set('after', String(last.seq));
  }
}

/** Checks the chain. Exit code 1 where it does not fit. */
export async function verifyAudit(
  context: Context,
  flags: AuditFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  const { output } = context;
  const query = new URLSearchParams(flags.head === undefined ? {} : { head: flags.head });
  await using client = await openClient(context, flags);
  const report = await client.json<ChainReport>(`/admin/audit/verify?${query}`);
  const { entries, fault, head, removed } = report;
  if (fault) setExitCode(exitCodes.failure);
  if (flags.json) return output.json(report);
  if (fault) return output.line(`${fault.kind}: ${fault.message}; the ${entries} before fit`);
  const before = removed > 0 ? `, ${removed} before them were removed after their time` : '';
  output.line(`${entries} entries fit${before}; the head is ${head}`);
}

function chosenBy({ action, actor, since }: AuditFlags): Record<string, string> {
  return {
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actor }),
    ...(since === undefined
      ? {}
      : { since: new Date(parseMoment('--since', since, Date.now(), -1)).toISOString() }),
  };
}

async function page(client: GatewayClient, query: URLSearchParams): Promise<AuditEntry[]> {
  return (await client.json<{ data: AuditEntry[] }>(`/admin/audit?${query}`)).data;
}
