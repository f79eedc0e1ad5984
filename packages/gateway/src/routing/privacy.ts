import type { Intent } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import type { Provider } from '../providers/provider.ts';
import type { Candidate } from './model-catalog.ts';

/** What is kept from providers elsewhere. */
export interface PrivacySettings {
  /** No provider is asked but those on this machine. */
  readonly localOnly: boolean;
  /** Names of projects for which none but those is asked. */
  readonly localOnlyProjects: ReadonlySet<string>;
  /** Requests of these intents stay with local candidates, where there are some. */
  readonly preferLocalFor: readonly Intent[];
}

/** Throws `permission_denied` for a provider elsewhere where everything stays here by this rule. */
export function refuseRemote({ local, name }: Provider, rule: string | undefined): void {
  if (local || rule === undefined) return;
  throw apiError('permission_denied', `${name} is not local, and ${rule} is local_only`, {
    provider: name,
    reason: 'local_only',
  });
}

/** Those that are worth asking: the local ones, where only they may be or where they are preferred. */
export function nearEnough(
  candidates: readonly Candidate[],
  isLocalOnly: boolean,
  { preferLocalFor }: Pick<PrivacySettings, 'preferLocalFor'>,
  intent: Intent | undefined,
): readonly Candidate[] {
  if (!isLocalOnly && (intent === undefined || !preferLocalFor.includes(intent))) return candidates;
  const near = candidates.filter(({ provider }) => provider.local);
  // Where none is, who must stay here is refused with the name of who would have been asked.
  return near.length > 0 ? near : candidates;
}
