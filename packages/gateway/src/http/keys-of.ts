import type { Provider } from '../providers/provider.ts';
import type { LiveFigures } from '../routing/live-figures.ts';

/** A key of a provider as the API shows it. */
export interface ShownKey {
  key: string;
  fingerprint: string;
  weight: number;
  status: 'ready' | 'resting' | 'refused';
  in_flight: number;
  /** Of the one model that was asked for, or of any; ISO 8601. */
  rests?: { model: string; until: string }[];
  circuit?: string;
}

/** All keys of a provider that has several, without the keys themselves; of one model, where it is given. */
export function keysOf(provider: Provider, figures: LiveFigures, model?: string): ShownKey[] {
  return (provider.accounts ?? []).map((account) => {
    const live = figures.account(provider.name, account);
    const rests = live.rests().filter((rest) => model === undefined || rest.model === model);
    const isResting = rests.length > 0;
    return {
      key: account.label,
      fingerprint: account.fingerprint,
      weight: account.weight,
      status: live.refusedAtMs !== undefined ? 'refused' : isResting ? 'resting' : 'ready',
      in_flight: live.inFlight,
      ...(isResting
        ? {
            rests: rests.map((rest) => ({
              model: rest.model,
              until: new Date(rest.untilMs).toISOString(),
            })),
          }
        : {}),
      ...(model === undefined ? {} : { circuit: live.stateOf(model) }),
    };
  });
}
