import type { ScopeConfig } from '@zeke/foundation';
import { type Caller, isModelAllowed } from '../governance/authenticate.ts';
import type { Candidate } from '../routing/model-catalog.ts';

/** Who asks for what, as rules see it. */
export interface Asked {
  readonly caller: Pick<Caller, 'keyId' | 'orgId' | 'teamId'>;
  /** As the caller names the model. */
  readonly model: string;
  readonly candidate: Pick<Candidate, 'model'> & { readonly provider: { readonly name: string } };
}

/** Whether a rule holds for a request that goes to this candidate: for all that its scope says. */
export function isInScope(scope: ScopeConfig, { candidate, caller, model }: Asked): boolean {
  const { keys, models, orgs, providers, teams } = scope;
  const { provider } = candidate;
  return (
    fits(keys, caller.keyId) &&
    fits(teams, caller.teamId) &&
    fits(orgs, caller.orgId) &&
    fits(providers, provider.name) &&
    (models === undefined ||
      fits(models, model) ||
      fits(models, candidate.model) ||
      fits(models, `${provider.name}/${candidate.model}`))
  );
}

/** Whether a name fits one of these patterns; any does where there are none. */
export function fits(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && isModelAllowed({ allowedModels: patterns }, [name]);
}
