import type { Intent } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import type { Provider } from '../providers/provider.ts';
import type { Candidate } from './model-catalog.ts';
import type { RoutingRequest } from './routing-request.ts';

/** What is kept from providers elsewhere. */
export interface PrivacySettings {
  /** No provider is asked but those on this machine. */
  readonly localOnly: boolean;
  /** Requests of these intents stay with local candidates, where there are some. */
  readonly preferLocalFor: readonly Intent[];
}

/** Throws `permission_denied` for a provider elsewhere where everything stays here. */
export function refuseRemote({ local, name }: Provider, isLocalOnly = false): void {
  if (local || !isLocalOnly) return;
  throw apiError('permission_denied', `${name} is not local, and privacy is local_only`, {
    provider: name,
    reason: 'local_only',
  });
}

/** Those that are worth asking: the local ones, where only they may be or where they are preferred. */
export function nearEnough(
  candidates: readonly Candidate[],
  { localOnly, preferLocalFor }: PrivacySettings,
  routing: RoutingRequest | undefined,
): readonly Candidate[] {
  const wanted = routing?.intent !== undefined && preferLocalFor.includes(routing.intent);
  if (!localOnly && routing?.privacy !== 'local_only' && !wanted) return candidates;
  const near = candidates.filter(({ provider }) => provider.local);
  // Where none is, who must stay here is refused with the name of who would have been asked.
  return near.length > 0 ? near : candidates;
}
