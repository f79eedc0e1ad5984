import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from '../client.ts';
import type { BudgetFlags, BudgetsFlags } from '../commands/budgets.ts';
import type { Context } from '../context.ts';
import { entityId, sending } from '../entities.ts';
import type { ApiKey } from './keys.ts';
import { keyId } from './keys.ts';

/** A budget as `/admin/budgets` gives it. Money is micro-USD, times are milliseconds since the epoch. */
interface Budget {
  kind: string;
  id: string;
  name?: string;
  period: string;
  mode: string;
  limitMicroUsd: number;
  spentMicroUsd: number;
  reservedMicroUsd: number;
  freesAtMs?: number;
}

const kinds = ['org', 'team', 'user', 'key', 'provider', 'tag'];

/** Sets a budget, in place of the spender's one of the same period and mode. */
export async function setBudget(
  context: Context,
  kind: string,
  given: string,
  usd: string,
  flags: BudgetFlags,
): Promise<void> {
  const { output } = context;
  const limit = Number(usd.replace(/^\$/, ''));
  if (!/^\$?\d+(\.\d+)?$/.test(usd) || !Number.isFinite(limit)) {
    throw new RpcError('invalid_argument', `${usd} is no amount of USD, such as 50 or 0.25`);
  }
  await using client = await openClient(context, flags);
  const id = await spenderId(client, kind, given);
  const { mode, period } = keyOf(flags);
  const body = { kind, id, period, mode, limit_usd: limit };
  const budget = await client.json<Budget>('/admin/budgets', sending('PUT', body));
  if (flags.json) output.json({ budget });
  else {
    output.line(
      `${budget.kind} ${budget.name ?? budget.id}: ${dollars(budget.limitMicroUsd)} a ${budget.period}, ${budget.mode}`,
    );
  }
}

/** Lists budgets with what is used of them. */
export async function listBudgets(context: Context, flags: BudgetsFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: Budget[] }>('/admin/budgets');
  if (flags.json) return output.json({ budgets: data });
  if (data.length === 0) {
    return output.note('there is no budget yet: zeke budgets set key <key> 10 makes one');
  }
  const right = (title: string) => ({ title, align: 'right' as const });
  output.table(
    ['KIND', 'WHOSE', 'PERIOD', 'MODE', right('LIMIT'), right('SPENT'), right('HELD'), 'FREES UP'],
    data.map((budget) => [
      budget.kind,
      budget.name ?? budget.id,
      budget.period,
      budget.mode,
      dollars(budget.limitMicroUsd),
      budget.freesAtMs === undefined ? '-' : dollars(budget.spentMicroUsd),
      budget.freesAtMs === undefined ? '-' : dollars(budget.reservedMicroUsd),
      budget.freesAtMs === undefined ? '-' : new Date(budget.freesAtMs).toISOString().slice(0, 10),
    ]),
  );
}

/** Takes a budget away. */
export async function removeBudget(
  context: Context,
  kind: string,
  given: string,
  flags: BudgetFlags,
): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const id = await spenderId(client, kind, given);
  const { mode, period } = keyOf(flags);
  const path = [kind, id, period, mode].map(encodeURIComponent).join('/');
  const budget = await client.json<Budget>(`/admin/budgets/${path}`, { method: 'DELETE' });
  if (flags.json) output.json({ budget });
  else output.line(`removed the ${mode} budget of ${kind} ${given} a ${period}`);
}

function keyOf({ per = 'month', soft }: BudgetFlags): { period: string; mode: string } {
  return { period: per, mode: soft ? 'soft' : 'hard' };
}

async function spenderId(client: GatewayClient, kind: string, given: string): Promise<string> {
  switch (kind) {
    case 'org':
    case 'team':
    case 'user':
      return entityId(client, `${kind}s`, given);
    case 'key': {
      const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
      return keyId(given, data);
    }
    case 'provider':
    case 'tag':
      return given;
    default:
      throw new RpcError('invalid_argument', `${kind} is not one of ${kinds.join(', ')}`);
  }
}

function dollars(microUsd: number): string {
  return `$${(microUsd / 1_000_000).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}
