import { RpcError } from '@zeke/rpc';
import { isModelAllowed, modelNotAllowed } from '../governance/authenticate.ts';
import { apiError } from '../neutral/api-error.ts';
import { badJudge, type MergePlan } from '../routing/merge/merge-plan.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/**
 * Who may judge, the first to be asked first; nobody where no judge is needed. One of the
 * configuration that cannot be had leaves nobody, too: the answers stand without it.
 * @throws RpcError for a judge of the request that is not known, or that the caller may not use.
 */
export async function judgeCandidates(
  { catalog }: Services,
  { caller }: Exchange,
  model: string,
  { judge }: MergePlan,
): Promise<readonly Candidate[]> {
  if (judge === undefined) return [];
  const { isOfRequest, name } = judge;
  let found: Candidate[];
  try {
    found = await catalog.resolve(name);
  } catch (reason) {
    if (!isOfRequest) return [];
    throw badJudge(RpcError.from(reason).message);
  }
  // Who may use an alias may use what it is made of.
  const names = isOfRequest ? [name] : [name, model];
  const allowed = found.filter(({ model: own, provider }) =>
    isModelAllowed(caller, [...names, `${provider.name}/${own}`]),
  );
  if (allowed.length === 0 && isOfRequest) throw notAllowed(name);
  return allowed;
}

function notAllowed(name: string): Error {
  const param = 'omen.judge';
  const { code, message } = modelNotAllowed(name);
  return apiError(code, `${param}: ${message}`, { param, reason: 'model_not_allowed' });
}
