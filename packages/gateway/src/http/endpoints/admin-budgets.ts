import { z } from 'zod';
import type { Caller } from '../../governance/authenticate.ts';
import { type BudgetKey, budgetModes, maxLimitMicroUsd } from '../../governance/budgets/budget.ts';
import { type SpenderKind, spenderKinds } from '../../governance/budgets/spender.ts';
import { periods } from '../../governance/budgets/windows.ts';
import { authorizeFor, mayReach, scopeOf, type Target } from '../../governance/permissions.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { oneOf, parsed, shownText, wrong } from './admin-input.ts';

const microUsdAUsd = 1_000_000;
const amountError = 'it must be an amount of money, 0 or more';

const budgetKey = {
  kind: oneOf(spenderKinds),
  id: shownText().describe("An entity's id, a provider's name, or a tag."),
  period: oneOf(periods),
  mode: oneOf(budgetModes).default('hard'),
};

export const setBudgetRequest = z
  .strictObject({
    ...budgetKey,
    limit_micro_usd: z.int({ error: amountError }).min(0, amountError).optional(),
    limit_usd: z.number({ error: amountError }).min(0, amountError).optional(),
  })
  .meta({ id: 'SetBudget' });

const budgetKeySchema = z.strictObject(budgetKey);

/** `GET /admin/budgets`: those in the caller's reach, with what is used of them. */
export async function listBudgets(services: Services, exchange: Exchange): Promise<Response> {
  const { caller } = exchange;
  const data = [];
  const seesAll = scopeOf(caller, 'budgets.read') === undefined;
  for (const budget of await services.budgets.list()) {
    if (seesAll || (await isInReach(services, caller, budget))) data.push(budget);
  }
  return jsonResponse(exchange, { data });
}

/** `PUT /admin/budgets`: in place of the spender's budget of the same period and mode. */
export async function setBudget(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const { limit_micro_usd: microUsd, limit_usd: usd, ...key } = parsed(setBudgetRequest, body);
  if ((microUsd === undefined) === (usd === undefined)) {
    throw wrong('limit_usd', 'say the limit once: limit_usd or limit_micro_usd');
  }
  const limitMicroUsd = microUsd ?? Math.round((usd ?? 0) * microUsdAUsd);
  if (limitMicroUsd > maxLimitMicroUsd) {
    const field = microUsd === undefined ? 'limit_usd' : 'limit_micro_usd';
    throw wrong(field, `it is over ${maxLimitMicroUsd / microUsdAUsd} USD`);
  }
  await authorizeBudget(services, exchange.caller, key);
  const budget = { ...key, limitMicroUsd, createdAtMs: services.now() };
  return jsonResponse(exchange, await services.budgets.set(budget));
}

/** `DELETE /admin/budgets/{kind}/{id}/{period}/{mode}` */
export async function deleteBudget(
  services: Services,
  exchange: Exchange,
  parameters: readonly string[],
): Promise<Response> {
  const [kind, id, period, mode] = parameters;
  const key = parsed(budgetKeySchema, { kind, id, period, mode });
  await authorizeBudget(services, exchange.caller, key, true);
  await services.budgets.remove(key);
  return jsonResponse(exchange, { ...key, deleted: true });
}

async function isInReach(
  services: Services,
  caller: Caller,
  { kind, id }: BudgetKey,
): Promise<boolean> {
  const target = await whose(services, kind, id, 'read').catch(() => undefined);
  return target !== undefined && mayReach(caller, 'budgets.read', target);
}

async function authorizeBudget(
  services: Services,
  caller: Caller,
  { kind, id }: BudgetKey,
  mayBeGone = false,
): Promise<void> {
  const target = await whose(services, kind, id, 'write').catch((reason: unknown) => {
    // What is left over of something that is gone is the operator's.
    if (mayBeGone) return {};
    throw reason;
  });
  authorizeFor(caller, 'budgets.write', target, `the ${kind} ${id}`);
}

/**
 * Where a spender stands. Who may write a budget stands above the spender, so for writing an
 * organisation is nobody's but the operator's, and a team its organisation's. Throws `not_found`.
 */
async function whose(
  { catalog, entities, keys }: Services,
  kind: SpenderKind,
  id: string,
  access: 'read' | 'write',
): Promise<Target> {
  switch (kind) {
    case 'org': {
      const org = await entities.orgs.get(id, 'id');
      return access === 'read' ? { orgId: org.id } : {};
    }
    case 'team': {
      const { orgId } = await entities.teams.get(id, 'id');
      return access === 'read' ? { orgId, teamId: id } : { orgId };
    }
    case 'user': {
      const { orgId, teamId } = await entities.users.get(id, 'id');
      return { orgId, teamId, userId: id };
    }
    case 'key': {
      const { orgId, teamId, userId } = await keys.get(id);
      return { orgId, teamId, userId };
    }
    case 'provider':
      if (access === 'write' && !catalog.provider(id)) {
        const names = catalog.providers.map(({ name }) => name).join(', ');
        throw apiError('not_found', `no provider is named ${id}; there are: ${names || 'none'}`, {
          param: 'id',
        });
      }
      return {};
    case 'tag':
      return {};
  }
}
