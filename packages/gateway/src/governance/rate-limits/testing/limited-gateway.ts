import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { type LimitTierConfig, Secret } from '@zeke/foundation';
import {
  providerConfig,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
} from '../../../testing/test-gateway.ts';
import type { CreateKeyOptions } from '../../key-store.ts';
import { defaultRateLimitSettings, type RateLimitSettings } from '../rate-limits.ts';

const minute = { periodMs: 60_000 };

const testTiers: Readonly<Record<string, LimitTierConfig>> = {
  unlimited: {},
  small: { requests: { limit: 20, burst: 5, ...minute } },
  twenty: { requests: { limit: 60, burst: 20, ...minute } },
  tokens: { tokens: { limit: 600, ...minute } },
  both: { requests: { limit: 100, ...minute }, tokens: { limit: 1_000, ...minute } },
  ten: { concurrent: 10 },
  one: { concurrent: 1 },
};

export const adminKey = 'admin-key-for-tests';
const messages = [{ role: 'user', content: 'hello there' }];

/** A key of the gateway, as a caller sends it. */
export interface TestKey {
  id: string;
  headers: { authorization: string };
}

/**
 * A gateway with limits and authentication in front of two emulated accounts, `one` and `two`, with a
 * clock that stands still unless `clock.nowMs` is moved.
 */
export class LimitedGateway implements AsyncDisposable {
  readonly clock: { nowMs: number };
  readonly emulator: Emulator;
  readonly test: TestGateway;
  /** What the model says that it used. */
  readonly used: { input: number; output: number };

  private constructor(
    clock: { nowMs: number },
    used: LimitedGateway['used'],
    emulator: Emulator,
    test: TestGateway,
  ) {
    this.clock = clock;
    this.used = used;
    this.emulator = emulator;
    this.test = test;
  }

  static async start(
    limits: Partial<RateLimitSettings> = {},
    options: Partial<TestGatewayOptions> = {},
  ): Promise<LimitedGateway> {
    const clock = { nowMs: 0 };
    const used = { input: 3, output: 7 };
    const brain: Brain = () => ({
      text: 'these are some words',
      finish: 'stop',
      usage: { cachedInput: 0, reasoning: 0, ...used },
    });
    const emulator = startOpenAiEmulator({ apiKeys: ['k'], brain });
    const baseUrl = `${emulator.url}/v1`;
    const candidates = ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'];
    const test = await testGateway({
      providers: ['one', 'two'].map((name) =>
        providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl }),
      ),
      monotonicMs: () => clock.nowMs,
      ...options,
      settings: {
        rateLimits: limitSettings(limits),
        auth: { requireAuth: true, adminApiKey: new Secret(adminKey) },
        aliases: new Map([
          ['list', { strategy: 'fallback', candidates }],
          ['race', { strategy: 'race', candidates }],
        ]),
        ...options.settings,
      },
    });
    return new LimitedGateway(clock, used, emulator, test);
  }

  async key(options: Partial<CreateKeyOptions> = {}): Promise<TestKey> {
    const given = { name: 'k', owner: 'ada', ...options };
    const { key, secret } = await this.test.gateway.keys.create(given);
    return { id: key.id, headers: { authorization: `Bearer ${secret}` } };
  }

  chat({ headers }: TestKey, body: object = {}): Promise<Response> {
    const request = { model: 'one/gpt-4.1-mini', messages, ...body };
    return this.test.post('/v1/chat/completions', request, headers);
  }

  /** A request over a connection from an address. */
  from(peer: string, headers: Record<string, string> = {}): Promise<Response> {
    const request = new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'one/gpt-4.1-mini', messages }),
    });
    return this.test.gateway.handle(request, () => peer);
  }

  /** What is left to a caller, when all that has ended is charged. */
  async state({ headers }: TestKey): Promise<SubjectState[]> {
    await this.test.gateway.settled();
    const response = await this.test.get('/rate-limit/status', headers);
    return ((await response.json()) as { limits: SubjectState[] }).limits;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
    await this.emulator.stop();
  }
}

export interface SubjectState {
  kind: string;
  tier: string;
  requests?: { remaining: number };
  tokens?: { remaining: number };
  concurrent?: { limit: number; remaining: number };
}

export function limitSettings(changes: Partial<RateLimitSettings> = {}): RateLimitSettings {
  return { ...defaultRateLimitSettings, enabled: true, tiers: testTiers, ...changes };
}

/** How many answers have which status, when all are read. */
export async function statusesOf(
  answers: readonly Promise<Response>[],
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const response of await Promise.all(answers)) {
    await response.text();
    counts[response.status] = (counts[response.status] ?? 0) + 1;
  }
  return counts;
}

/** Status, message and code of an error in OpenAI's shape. */
export async function errorOf(
  response: Response,
): Promise<{ status: number; message: string; code?: string }> {
  const { error } = (await response.json()) as { error: { message: string; code?: string } };
  return { status: response.status, ...error };
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
