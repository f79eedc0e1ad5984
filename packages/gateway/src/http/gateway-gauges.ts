import type { Metrics, Reading } from '@zeke/foundation';
import type { BreakerState } from '@zeke/rpc/circuit';
import type { ModelLabels } from '../telemetry/model-labels.ts';
import type { Services } from './services.ts';

const breakerValues: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  'half-open': 1,
  open: 2,
};

/** Adds what is read off the gateway's parts whenever somebody looks at the metrics. */
export function addGatewayGauges(
  metrics: Metrics,
  models: ModelLabels,
  services: () => Pick<Services, 'catalog' | 'figures' | 'ledger'>,
): void {
  metrics.observed(
    {
      name: 'gateway_breaker_state',
      help: 'Circuit breakers of models: 0 closed, 1 half-open, 2 open.',
      labels: ['provider', 'model'],
    },
    () => breakers(services(), models),
  );
  metrics.observed(
    {
      name: 'gateway_attempts_in_flight',
      help: 'Calls to providers that are under way.',
      labels: ['provider'],
    },
    () => inFlight(services()),
  );
  metrics.observed(
    {
      name: 'gateway_ledger_waiting_entries',
      help: 'Entries of the ledger that are not yet written.',
    },
    () => [[services().ledger.waiting]],
  );
  metrics.observed(
    {
      name: 'gateway_ledger_spool_bytes',
      help: 'Of the ledger on the disk, because the database did not take it.',
    },
    () => [[services().ledger.spooledBytes]],
  );
}

/** Of those without a label of their own the worst is told. */
function breakers(
  { catalog, figures }: Pick<Services, 'catalog' | 'figures'>,
  models: ModelLabels,
): Reading[] {
  const worst = new Map<string, Reading>();
  for (const [name] of figures.entries()) {
    const at = name.indexOf('/');
    const provider = catalog.provider(name.slice(0, at));
    if (provider === undefined) continue;
    const model = name.slice(at + 1);
    const label = models.of(provider.name, model, false);
    const value = breakerValues[figures.stateOf({ provider, model })];
    const key = `${provider.name}/${label}`;
    if (value >= (worst.get(key)?.[0] ?? 0)) worst.set(key, [value, provider.name, label]);
  }
  return [...worst.values()];
}

function inFlight({ catalog, figures }: Pick<Services, 'catalog' | 'figures'>): Reading[] {
  const counts = new Map(catalog.providers.map(({ name }) => [name, 0]));
  for (const [name, live] of figures.entries()) {
    const provider = name.slice(0, name.indexOf('/'));
    const count = counts.get(provider);
    if (count !== undefined) counts.set(provider, count + live.inFlight);
  }
  return [...counts].map(([name, count]) => [count, name]);
}
