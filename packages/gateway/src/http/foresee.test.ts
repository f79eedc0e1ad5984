import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import type { GuardrailConfig, PolicyConfig } from '@zeke/foundation';
import { defaultRateLimitSettings } from '../governance/rate-limits/rate-limits.ts';
import { planted } from '../guardrails/testing/planted.ts';
import {
  admin,
  budgetedGateway,
  budgetsOf,
  claude,
  keyOf,
  messages,
  model,
  setBudget,
  talker,
} from '../testing/budgeted-gateway.ts';
import type { TestGateway } from '../testing/test-gateway.ts';

interface Foreseen {
  refused: { by: string; status: number; code: string; message: string } | null;
  limits: { kind: string; requests?: { remaining: number } }[];
  guardrails: {
    findings: { rule: string; field: string }[];
    webhooks_not_asked: string[];
    needs_consent: string[];
  } | null;
  candidates: {
    provider: string;
    may_cost_usd: number | null;
    budget_warning: string | null;
    refused: { by: string; message: string } | null;
  }[];
  left_out: { provider: string; why: string }[];
}

let openai: Emulator;
let anthropic: Emulator;
beforeAll(() => {
  openai = startOpenAiEmulator({ apiKeys: ['k'], brain: talker });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain: talker });
});
afterAll(async () => {
  await openai.stop();
  await anthropic.stop();
});

const both = new Map([['both', { strategy: 'fallback' as const, candidates: [model, claude] }]]);

type Settings = Parameters<TestGateway['configure']>[0];

/** A gateway with these rules, where `both` is one account after the other. */
async function bench(settings: Settings = {}): Promise<TestGateway> {
  const gateway = await budgetedGateway({ openai, anthropic });
  gateway.configure({ ...settings, aliases: both });
  return gateway;
}

const ask = { model, messages, max_tokens: 100 };

async function explained(
  gateway: TestGateway,
  headers: Record<string, string>,
  body: object = ask,
): Promise<Foreseen> {
  const response = await gateway.post('/omen/explain', body, headers);
  expect(response.status).toBe(200);
  return (await response.json()) as Foreseen;
}

/** The error that the request itself gets. */
async function answered(
  gateway: TestGateway,
  headers: Record<string, string>,
  body: object = ask,
): Promise<{ status: number; message: string | undefined }> {
  const response = await gateway.post('/v1/chat/completions', body, headers);
  const { error } = (await response.json()) as { error?: { message: string } };
  return { status: response.status, message: error?.message };
}

describe('budgets', () => {
  test('what an attempt may cost is told and not held; a refusal is that of the request', async () => {
    await using gateway = await budgetedGateway({ openai, anthropic });
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 0.0005 });
    const told = await explained(gateway, key.headers);
    expect(told.candidates[0]?.may_cost_usd).toBeGreaterThan(0.001);
    const real = await answered(gateway, key.headers);
    expect(real.status).toBe(429);
    expect(told.refused).toMatchObject({ by: 'budgets', status: 429, message: real.message });
    expect(told.candidates[0]?.refused).toMatchObject({ message: real.message });
    expect(await budgetsOf(gateway)).toMatchObject([{ spentMicroUsd: 0, reservedMicroUsd: 0 }]);
  });

  test('one with room is not refused, a soft one warns, and omen.budget_usd counts', async () => {
    await using gateway = await budgetedGateway({ openai, anthropic });
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 1 });
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 0.0001, mode: 'soft' });
    const told = await explained(gateway, key.headers);
    expect(told.refused).toBeNull();
    expect(told.candidates[0]?.budget_warning).toStartWith('soft budget of key a');
    const own = await explained(gateway, key.headers, { ...ask, omen: { budget_usd: 0.000001 } });
    expect(own.refused).toMatchObject({ by: 'budgets', status: 402 });
    expect(own.refused?.message).toStartWith('omen.budget_usd');
    const metrics = await (await gateway.get('/metrics', admin)).text();
    expect(metrics).not.toContain('zeke_gateway_budget_warnings_total{');
  });
});

describe('limits', () => {
  const minute = { periodMs: 60_000 };
  const limited = (tier: object) => ({
    rateLimits: {
      ...defaultRateLimitSettings,
      enabled: true,
      defaultTier: 'few',
      tiers: { few: tier },
    },
  });

  test('a request that would be refused is told so in its words, and explaining takes none', async () => {
    await using gateway = await budgetedGateway({ openai, anthropic }, { monotonicMs: () => 0 });
    const key = await keyOf(gateway);
    gateway.configure({ ...limited({ requests: { limit: 2, burst: 1, ...minute } }) });
    for (let times = 0; times < 3; times++) {
      const told = await explained(gateway, key.headers);
      expect(told.refused).toBeNull();
      expect(told.limits).toMatchObject([{ kind: 'key', requests: { remaining: 1 } }]);
    }
    expect((await answered(gateway, key.headers)).status).toBe(200);
    const told = await explained(gateway, key.headers);
    const real = await answered(gateway, key.headers);
    expect(told.refused).toMatchObject({ by: 'limits', status: 429, message: real.message });
  });

  test('of tokens too, and of places and models', async () => {
    await using gateway = await budgetedGateway({ openai, anthropic }, { monotonicMs: () => 0 });
    const key = await keyOf(gateway);
    gateway.configure({ ...limited({ tokens: { limit: 5, ...minute } }) });
    const told = await explained(gateway, key.headers);
    const real = await answered(gateway, key.headers);
    expect(real.status).toBe(429);
    expect(told.refused).toMatchObject({ by: 'limits', message: real.message });

    const { rateLimits } = limited({});
    const tiers = { few: {}, none: { requests: { limit: 1, ...minute } } };
    const models = { 'gpt-4.1-mini': 'none' };
    gateway.configure({ aliases: both, rateLimits: { ...rateLimits, tiers, models } });
    expect((await answered(gateway, key.headers)).status).toBe(200);
    const mixed = await explained(gateway, key.headers, { ...ask, model: 'both' });
    expect(mixed.refused).toBeNull();
    expect(mixed.candidates.map(({ refused }) => refused?.by ?? null)).toEqual(['limits', null]);
  });
});

describe('guardrails', () => {
  const rule = (fields: Partial<GuardrailConfig>): GuardrailConfig => ({
    name: 'keys',
    action: 'block',
    direction: 'both',
    scope: {},
    check: { type: 'secrets', except: [] },
    ...fields,
  });
  const policy = (fields: Partial<PolicyConfig>): PolicyConfig => ({
    name: 'cloud',
    effect: 'consent',
    scope: {},
    ...fields,
  });
  const leaking = { ...ask, messages: [{ role: 'user', content: `my key is ${planted[0]}` }] };

  test('what blocks is told in its words, and never the text itself', async () => {
    await using gateway = await bench({ guardrails: [rule({})] });
    const key = await keyOf(gateway, {});
    const told = await explained(gateway, key.headers, leaking);
    const real = await answered(gateway, key.headers, leaking);
    expect(real.status).toBe(400);
    expect(told.refused).toMatchObject({ by: 'guardrails', status: 400, message: real.message });
    expect(told.guardrails?.findings).toMatchObject([
      { rule: 'keys', action: 'block', field: 'messages[0].content' },
    ]);
    expect(JSON.stringify(told)).not.toContain(planted[0] as string);
    expect((await explained(gateway, key.headers)).refused).toBeNull();
  });

  test('a candidate that may not get it is left out; what is redacted is found', async () => {
    const guardrails = [
      rule({ scope: { providers: ['openai'] } }),
      rule({ name: 'soft', action: 'redact', scope: { providers: ['anthropic'] } }),
    ];
    await using gateway = await bench({ guardrails });
    const key = await keyOf(gateway, {});
    const told = await explained(gateway, key.headers, { ...leaking, model: 'both' });
    expect(told.refused).toBeNull();
    expect(told.candidates.map(({ provider }) => provider)).toEqual(['anthropic']);
    expect(told.left_out).toMatchObject([
      { provider: 'openai', why: expect.stringContaining('guardrail keys: messages[0].content') },
    ]);
    expect(told.guardrails?.findings.map((each) => each.rule).sort()).toEqual(['keys', 'soft']);
  });

  test('a policy denies, consent is only named, and a webhook is not asked', async () => {
    const webhook = {
      type: 'webhook',
      url: 'http://127.0.0.1:9/none',
      timeoutMs: 100,
      onFailure: 'block',
    } as never;
    await using gateway = await bench({
      guardrails: [rule({ name: 'judge', check: webhook })],
      policies: [
        policy({ name: 'never', effect: 'deny', scope: { providers: ['openai'] }, reason: 'no' }),
        policy({ scope: { providers: ['anthropic'] } }),
      ],
    });
    const key = await keyOf(gateway, {});
    const denied = await explained(gateway, key.headers);
    expect(denied.refused).toMatchObject({ by: 'policies', status: 403 });
    expect(denied.refused?.message).toContain('policy never');
    const asked = await explained(gateway, key.headers, { ...ask, model: 'both' });
    expect(asked.refused).toBeNull();
    expect(asked.guardrails?.webhooks_not_asked).toEqual(['judge']);
    expect(asked.guardrails?.needs_consent).toEqual([expect.stringContaining('policy cloud')]);
    const consents = await (await gateway.get('/admin/consent', admin)).json();
    expect(consents).toMatchObject({ data: [] });
  });
});
