import type { AttemptOptions } from '../governance/attempt-record.ts';
import type { ForeseenHold, SpendRequest } from '../governance/budgets/budgets.ts';
import type { Hold } from '../governance/budgets/hold.ts';
import {
  type TokenBound,
  tokenBoundOf,
  tokenBoundOfBytes,
} from '../governance/budgets/token-bound.ts';
import { type Exchange, tagsOf } from './exchange.ts';
import type { Services } from './services.ts';

/** What an attempt asks of whom. */
type Asked = Pick<AttemptOptions, 'asks' | 'candidate' | 'operation'>;

/**
 * Holds what an attempt may cost at most in all budgets that it counts for; undefined where there are
 * none. Rejects where a hard budget lacks room.
 */
export function holdCost(
  services: Services,
  exchange: Exchange,
  options: Asked,
): Hold | undefined | Promise<Hold | undefined> {
  return services.budgets.hold(spendRequest(services, exchange, options));
}

/** What `holdCost` would come to. Nothing is held, and nobody is told. */
export function foreseeCost(
  services: Services,
  exchange: Exchange,
  options: Asked,
): Promise<ForeseenHold> {
  return services.budgets.foresee(spendRequest(services, exchange, options));
}

function spendRequest(
  services: Services,
  exchange: Exchange,
  { asks, candidate, operation }: Asked,
): SpendRequest {
  const { budgets } = services;
  const { atMs, caller } = exchange;
  if (budgets.hasTags) exchange.tags ??= tagsOf(exchange);
  const { model, provider } = candidate;
  return {
    orgId: caller.orgId,
    teamId: caller.teamId,
    userId: caller.userId,
    keyId: caller.keyId,
    tags: exchange.tags,
    own: exchange.ownBudget,
    provider: provider.name,
    pricing: provider.pricing,
    model,
    atMs,
    bound: asks && (() => boundOf(services, exchange, asks, operation)),
    countInput: () => countInput(services, asks),
  };
}

/** By how much a bound of tokens is more than they likely are: it takes two bytes for one. */
const boundFactor = 2;

/**
 * About how many tokens a request holds, by its size and without a tokenizer: what rate limits take
 * before it is known. 1 or more.
 */
export function likelyTokens(
  services: Services,
  exchange: Exchange,
  asks: NonNullable<AttemptOptions['asks']>,
  operation: string,
): number {
  return Math.max(1, Math.ceil(boundOf(services, exchange, asks, operation).input / boundFactor));
}

/** Found once for what all attempts of a request ask. */
function boundOf(
  { budgets }: Services,
  exchange: Exchange,
  asks: NonNullable<AttemptOptions['asks']>,
  operation: string,
): TokenBound {
  const known = exchange.bound;
  if (known?.asks === asks && known.operation === operation) return known.bound;
  const bound = findBound(asks, operation, budgets.settings.defaultOutputTokens);
  exchange.bound = { asks, operation, bound };
  return bound;
}

function findBound(
  asks: NonNullable<AttemptOptions['asks']>,
  operation: string,
  defaultOutput: number,
): TokenBound {
  const body = asks instanceof Uint8Array ? jsonOf(asks) : asks;
  const bound = body
    ? tokenBoundOf(body, defaultOutput)
    : tokenBoundOfBytes((asks as Uint8Array).length, defaultOutput);
  // Vectors are no tokens.
  return operation === 'embeddings' ? { ...bound, output: 0 } : bound;
}

async function countInput(services: Services, asks: AttemptOptions['asks']): Promise<number> {
  const input = asks instanceof Uint8Array ? utf8.decode(asks) : JSON.stringify(asks ?? {});
  const usage = await services.estimateUsage(() => ({ input, output: '', outputShare: 1 }));
  return usage.input;
}

const utf8 = new TextDecoder();
const openingBrace = 0x7b;

/** Undefined for what is no JSON object: a form, a sound. */
function jsonOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  if (bytes[0] !== openingBrace) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
