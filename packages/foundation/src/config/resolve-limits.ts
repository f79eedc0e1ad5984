import { RpcError } from '@zeke/rpc';
import { type RateOptions, rateOf } from '../limits/gcra.ts';
import { tiers as ownTiers } from '../limits/tiers.ts';
import { defined } from './defined.ts';
import type { LimitsConfig, LimitTierConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

type ValidLimits = ValidConfig['limits'];
type Remark = (path: readonly string[], message: string) => void;

/** The tiers that need no configuration. */
const builtIn: Readonly<Record<string, LimitTierConfig>> = { ...ownTiers, unlimited: {} };

/**
 * `[limits]` with the tiers that come with the house. `fault` is told the path below `limits` of a
 * rate that cannot be counted, and of a name that no tier has.
 */
export function resolveLimits(limits: ValidLimits, fault: Remark): LimitsConfig {
  const own = Object.entries(limits.tiers).map(
    ([name, tier]) => [name, resolveTier(name, tier, fault)] as const,
  );
  const tiers = { ...builtIn, ...Object.fromEntries(own) };
  const checkName = (path: readonly string[], name: string | undefined): void => {
    if (name === undefined || Object.hasOwn(tiers, name)) return;
    const known = Object.keys(tiers).join(', ');
    fault(path, `there is no tier ${name.slice(0, 100)}; there are ${known}`);
  };
  checkName(['default_tier'], limits.default_tier);
  checkName(['address_tier'], limits.address_tier);
  for (const section of ['owners', 'users', 'teams', 'models'] as const) {
    for (const [entity, name] of Object.entries(limits[section])) {
      checkName([section, entity], name);
    }
  }
  return defined({
    enabled: limits.enabled,
    defaultTier: limits.default_tier,
    addressTier: limits.address_tier,
    authFailuresPerMinute: limits.auth_failures_per_minute,
    tiers,
    owners: limits.owners,
    users: limits.users,
    teams: limits.teams,
    models: limits.models,
  });
}

function resolveTier(
  name: string,
  tier: ValidLimits['tiers'][string],
  fault: Remark,
): LimitTierConfig {
  const { burst, concurrent, requests_per_minute: requests, tokens_per_minute: tokens } = tier;
  if (burst !== undefined && requests === undefined) {
    fault(['tiers', name, 'burst'], 'it takes requests_per_minute');
  }
  const burstKey = burst === undefined ? 'requests_per_minute' : 'burst';
  return defined({
    requests: rate(requests, burst, (why) => fault(['tiers', name, burstKey], why)),
    tokens: rate(tokens, undefined, (why) => fault(['tiers', name, 'tokens_per_minute'], why)),
    concurrent,
  });
}

function rate(
  limit: number | undefined,
  burst: number | undefined,
  fault: (why: string) => void,
): RateOptions | undefined {
  if (limit === undefined) return undefined;
  const options = defined({ limit, periodMs: 60_000, burst });
  try {
    rateOf(options);
  } catch (reason) {
    fault(RpcError.from(reason).message);
  }
  return options;
}
