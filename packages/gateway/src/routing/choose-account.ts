import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import type { ProviderAccount } from '../providers/provider.ts';
import type { LiveAccount } from './live-account.ts';

/** A key of a provider with what is known of it. */
export interface PoolMember {
  readonly account: ProviderAccount;
  readonly live: LiveAccount;
}

export interface AccountChoice {
  readonly provider: string;
  readonly model: string;
  /** All keys of the provider. */
  readonly members: readonly PoolMember[];
  /** Those that the request was sent with before. */
  readonly tried: ReadonlySet<ProviderAccount>;
  /** What a session is remembered by: its requests go to one key while that is well. */
  readonly session?: string | undefined;
}

/**
 * The key to send a request with: of those that are well, the one with the least under way for its
 * share, and among equals the one that had the least; for a session always the same. Where none is well,
 * one that the provider refused is tried first of all, since it may be known again; otherwise the error
 * says why nobody is asked.
 */
export function chooseAccount(choice: AccountChoice): PoolMember | RpcError {
  const { members, model, session, tried } = choice;
  const left = members.filter(({ account }) => !tried.has(account));
  const known = left.filter(({ live }) => live.refusedAtMs === undefined);
  const well = known.filter(
    ({ live }) => live.restsForMs(model) === 0 && live.stateOf(model) !== 'open',
  );
  const chosen = session === undefined ? inTurn(well, members) : ofSession(well, session);
  if (chosen) return chosen;
  const [refused] = left
    .filter(({ live }) => live.refusedAtMs !== undefined)
    .sort((a, b) => (a.live.refusedAtMs ?? 0) - (b.live.refusedAtMs ?? 0));
  if (refused && known.length === 0 && tried.size === 0) return refused;
  return noneIsWell(choice, known);
}

/** Start-time fair queueing: a key that was away does not get all that it missed. */
function inTurn(
  well: readonly PoolMember[],
  members: readonly PoolMember[],
): PoolMember | undefined {
  const [first, ...others] = well;
  if (first === undefined) return undefined;
  const clock = Math.min(...well.map(({ live }) => live.turn));
  let chosen = first;
  for (const member of others) if (comesBefore(member, chosen)) chosen = member;
  const { account, live } = chosen;
  live.turn += 1 / account.weight;
  for (const each of members) each.live.turn = Math.max(each.live.turn, clock);
  return chosen;
}

function comesBefore(one: PoolMember, other: PoolMember): boolean {
  const load = one.live.inFlight / one.account.weight - other.live.inFlight / other.account.weight;
  return load === 0 ? one.live.turn < other.live.turn : load < 0;
}

/** Rendezvous hashing: when one key rests, only its own sessions move. */
function ofSession(well: readonly PoolMember[], session: string): PoolMember | undefined {
  let chosen: PoolMember | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const member of well) {
    const { fingerprint, weight } = member.account;
    const share = (Bun.hash.xxHash32(`${fingerprint} ${session}`) + 1) / (2 ** 32 + 1);
    const rank = -weight / Math.log(share);
    if (rank <= highest) continue;
    highest = rank;
    chosen = member;
  }
  return chosen;
}

function noneIsWell({ model, provider }: AccountChoice, known: readonly PoolMember[]): RpcError {
  const rests = known.map(({ live }) => live.restsForMs(model)).filter((ms) => ms > 0);
  if (rests.length > 0) {
    const retryAfterMs = Math.min(...rests);
    return apiError(
      'resource_exhausted',
      `${provider}: all keys rest after too many requests; the first is asked again in ${Math.ceil(retryAfterMs / 1_000)} s`,
      { provider, reason: 'rate_limit_exceeded', retryAfterMs, retryable: true },
    );
  }
  if (known.length > 0) {
    const restsForMs = Math.min(...known.map(({ live }) => live.circuit(model).restsForMs));
    return apiError('unavailable', `${provider}/${model} has failed too often with every key`, {
      status: 503,
      provider,
      reason: 'circuit_open',
      retryable: true,
      ...(restsForMs === 0 ? {} : { retryAfterMs: restsForMs }),
    });
  }
  return new RpcError('internal', `${provider} has no key left to try`);
}
