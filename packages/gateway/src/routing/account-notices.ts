import type { Logger, Metrics } from '@zeke/foundation';
import type { AccountEvent } from './live-account.ts';

/**
 * Tells what becomes of keys, where a provider has several: a refused one as an error, since only the
 * operator can help. Nobody is told a key itself.
 */
export function accountNotices(log: Logger, metrics: Metrics): (event: AccountEvent) => void {
  const events = metrics.counter({
    name: 'gateway_provider_key_events_total',
    help: 'Keys of providers that rest after a 429, are refused, and are back.',
    labels: ['provider', 'account', 'event'],
  });
  const refused = metrics.gauge({
    name: 'gateway_provider_key_refused',
    help: 'Keys that their provider refuses: 1 while they are set aside.',
    labels: ['provider', 'account'],
  });
  return ({ error, fingerprint, forMs, label, model, provider, what }) => {
    events.add(1, provider, label, what);
    const fields = { provider, account: label, fingerprint, model };
    switch (what) {
      case 'rests':
        log.warn('a key of a provider rests after too many requests', { ...fields, forMs });
        return;
      case 'refused':
        refused.set(1, provider, label);
        log.error('a key of a provider is refused, and set aside', { ...fields, err: error });
        return;
      case 'back':
        refused.set(0, provider, label);
        log.info('a key of a provider that was refused is taken again', fields);
    }
  };
}
