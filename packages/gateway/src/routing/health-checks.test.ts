import { afterEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, createMetrics, Secret } from '@zeke/foundation';
import { createProvider } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { providerConfig } from '../testing/test-gateway.ts';
import { HealthChecks } from './health-checks.ts';
import { LiveFigures } from './live-figures.ts';
import { ModelCatalog } from './model-catalog.ts';

const intervalMs = 60_000;
const settings = { intervalMs, timeoutMs: 5_000 };
/** How long a breaker rests. */
const openMs = 1_000;
const log = createLogger({ level: 'silent' });

/** Time that stands until it is told to pass. */
class HandClock {
  ms = 1_000_000;
  readonly waiting = new Map<object, { atMs: number; run: () => void }>();

  now = () => this.ms;

  schedule = (delayMs: number, run: () => void) => {
    const key = {};
    this.waiting.set(key, { atMs: this.ms + delayMs, run });
    return { cancel: () => void this.waiting.delete(key) };
  };

  pass(ms: number): void {
    this.ms += ms;
    for (const [key, { atMs, run }] of this.waiting) {
      if (atMs > this.ms) continue;
      this.waiting.delete(key);
      run();
    }
  }
}

async function rig(providers: (url: string) => { provider: Provider; healthCheck?: boolean }[]) {
  const clock = new HandClock();
  const openai = startOpenAiEmulator({ apiKeys: ['k'] });
  const breaker = { failures: 1, windowMs: 60_000, openMs, clock };
  const figures = new LiveFigures({ breaker, onAccount: () => undefined, now: clock.now });
  const metrics = await createMetrics({ processMetrics: false });
  const all = providers(openai.url).map((each) => ({ ...each, priority: 100 }));
  const catalog = new ModelCatalog({ providers: all, aliases: new Map(), log, now: clock.now });
  const health = new HealthChecks({
    log,
    metrics,
    figures,
    clock,
    random: () => 0.5,
    now: clock.now,
  });
  health.configure(all, catalog, settings);
  const begin = () => {
    const [first] = all;
    const live = first && figures.begin({ provider: first.provider, model: 'm' });
    if (!live || live instanceof Error) throw live;
    return live;
  };
  /** The check that ran has ended: the next one waits. */
  const settled = async () => {
    while (clock.waiting.size === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, openai, figures, metrics, catalog, health, all, begin, settled };
}

const provider = (url: string, fields: object = {}): Provider =>
  createProvider(
    providerConfig({
      name: 'p',
      type: 'compatible',
      apiKey: 'k',
      baseUrl: `${url}/v1`,
      ...fields,
    }),
    {
      fetch,
      now: Date.now,
      environment: () => undefined,
      readFile: async () => undefined,
    },
  );

const entry = (atMs: number, error?: string) =>
  ({
    atMs,
    latencyMs: 0,
    outcome: error ? 'error' : 'ok',
    model: 'm',
    streamed: false,
    usage: { input: 0, output: 0 },
  }) as never;

describe('health checks', () => {
  let openai: Emulator | undefined;
  let health: HealthChecks | undefined;
  afterEach(async () => {
    health?.[Symbol.dispose]();
    await openai?.stop();
  });
  const start = async (...given: Parameters<typeof rig>) => {
    const made = await rig(...given);
    ({ openai, health } = made);
    return made;
  };

  test('ask a local provider once an interval, and tell how it was', async () => {
    const { clock, health, metrics, openai, settled } = await start((url) => [
      { provider: provider(url) },
    ]);
    clock.pass(intervalMs - 1);
    expect(openai.requests).toHaveLength(0);
    expect(health.last('p')).toBeUndefined();
    clock.pass(1);
    await settled();
    expect(openai.requests.map(({ path }) => path)).toEqual(['/v1/models']);
    expect(health.last('p')).toMatchObject({ atMs: clock.ms, probe: { ok: true } });
    openai.faults.push({ kind: 'status', status: 500 });
    clock.pass(intervalMs);
    await settled();
    expect(health.last('p')).toMatchObject({ probe: { ok: false } });
    expect(await metrics.text()).toContain('gateway_provider_healthy{provider="p"} 0');
  });

  test('leave out who is elsewhere, unless it is told, and who is told not to be asked', async () => {
    const far = (url: string) => ({ ...provider(url), local: false });
    const none = await start((url) => [
      { provider: far(url) },
      { provider: { ...provider(url), name: 'q' }, healthCheck: false },
    ]);
    expect(none.clock.waiting.size).toBe(0);
    await none.openai.stop();
    const told = await start((url) => [{ provider: far(url), healthCheck: true }]);
    expect(told.clock.waiting.size).toBe(1);
  });

  test('are saved where the provider was heard in the last interval', async () => {
    const { begin, clock, openai, settled } = await start((url) => [{ provider: provider(url) }]);
    clock.pass(intervalMs / 2);
    begin().end(entry(clock.ms), undefined);
    clock.pass(intervalMs / 2);
    await settled();
    expect(openai.requests).toHaveLength(0);
    clock.pass(intervalMs);
    await settled();
    expect(openai.requests).toHaveLength(1);
  });

  test('ask a provider whose models are written down, and take any answer for one', async () => {
    const models = ['a'];
    const { catalog, clock, health, openai, settled } = await start((url) => [
      { provider: provider(url, { models }) },
    ]);
    openai.faults.push({ kind: 'status', status: 404 });
    clock.pass(intervalMs);
    await settled();
    expect(openai.requests).toHaveLength(1);
    expect(health.last('p')?.probe).toMatchObject({ ok: true, models: 1 });
    expect((await catalog.list()).map(({ id }) => id)).toEqual(models);
    openai.faults.push({ kind: 'status', status: 503 });
    clock.pass(intervalMs);
    await settled();
    expect(health.last('p')?.probe.ok).toBe(false);
  });

  test('find out for breakers whether a provider is back', async () => {
    const { all, begin, catalog, clock, figures, health, openai } = await start((url) => [
      { provider: provider(url) },
    ]);
    const [first] = all;
    if (!first) throw new Error('there is no provider');
    const never = new AbortController().signal;
    const circuit = figures.of('p', 'm').circuit;
    const failure = Object.assign(new Error('down'), { code: 'unavailable' }) as never;
    begin().end(entry(0, 'unavailable'), failure);
    expect(circuit.state).toBe('open');
    clock.pass(openMs);
    expect(circuit.state).toBe('half-open');
    openai.faults.push({ kind: 'status', status: 500 });
    await health.check(first.provider, catalog, never);
    expect(circuit.state).toBe('open');
    clock.pass(openMs);
    await health.check(first.provider, catalog, never);
    begin().end(entry(0), undefined);
    expect(circuit.state).toBe('closed');
  });

  test('take a refused key back that is known again', async () => {
    const apiKeys = ['k', 'x'].map((key) => ({ label: key, key: new Secret(key), weight: 1 }));
    const { catalog, figures, health, all } = await start((url) => [
      { provider: provider(url, { apiKey: undefined, apiKeys }) },
    ]);
    const [first] = all;
    const accounts = first?.provider.accounts ?? [];
    for (const account of accounts) figures.account('p', account).refuse('', new Error() as never);
    const never = new AbortController().signal;
    const probe = first && (await health.check(first.provider, catalog, never));
    expect(probe?.ok).toBe(true);
    const refused = accounts.map((each) => figures.account('p', each).refusedAtMs !== undefined);
    expect(refused).toEqual([false, true]);
  });

  test('end with the process, also one under way', async () => {
    const { clock, health, openai } = await start((url) => [{ provider: provider(url) }]);
    openai.faults.push({ kind: 'silence' });
    clock.pass(intervalMs);
    while (openai.requests.length === 0) await new Promise((done) => setImmediate(done));
    health[Symbol.dispose]();
    while (openai.requests[0]?.abortedAt === undefined) {
      await new Promise((done) => setImmediate(done));
    }
    expect(clock.waiting.size).toBe(0);
    expect(health.last('p')).toBeUndefined();
  });
});
