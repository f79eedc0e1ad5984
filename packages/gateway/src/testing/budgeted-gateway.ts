import { expect } from 'bun:test';
import type { Brain, Emulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import {
  providerConfig,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
} from './test-gateway.ts';

/** The operator. */
export const admin = { authorization: 'Bearer the-admin-key' };
export const messages = [{ role: 'user', content: 'hello there' }];
export const model = 'openai/gpt-4.1-mini';
export const claude = 'anthropic/claude-sonnet-4-5';

/** Says as much as it is asked to, eight characters for two tokens. */
export const talker: Brain = ({ maxTokens, turns }) => {
  const wanted = Number(/say (\d+)/.exec(turns.at(-1)?.text ?? '')?.[1] ?? 10);
  const output = Math.min(wanted, maxTokens ?? wanted);
  return {
    text: 'word '.repeat(output).slice(0, output * 4),
    finish: 'stop',
    usage: { input: 10, cachedInput: 0, output, reasoning: 0 },
  };
};

/** A gateway that asks for keys, where all models cost $1 and $10 for a million tokens. */
export function budgetedGateway(
  { anthropic, openai }: Record<'anthropic' | 'openai', Emulator>,
  options: Partial<TestGatewayOptions> = {},
): Promise<TestGateway> {
  const price = { input: 1, output: 10 };
  return testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
    ],
    ...options,
    settings: {
      auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
      prices: new Map([
        ['gpt-4.1-mini', price],
        ['claude-sonnet-4-5', price],
        ['text-embedding-3-small', { input: 1, output: 0 }],
      ]),
      ...options.settings,
    },
  });
}

interface Key {
  id: string;
  headers: Record<string, string>;
}

/** Makes a key: its id, and the headers that send it. */
export async function keyOf(gateway: TestGateway, fields: object = {}): Promise<Key> {
  const response = await gateway.post('/admin/keys', { name: 'a', ...fields }, admin);
  const { id, secret } = (await response.json()) as { id: string; secret: string };
  return { id, headers: { authorization: `Bearer ${secret}` } };
}

function send(gateway: TestGateway, method: string, path: string, body?: unknown) {
  return gateway.gateway.handle(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { ...admin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

/** A hard budget of a month, unless told otherwise. */
export async function setBudget(gateway: TestGateway, fields: object): Promise<void> {
  const response = await send(gateway, 'PUT', '/admin/budgets', { period: 'month', ...fields });
  expect(response.status).toBe(200);
}

/** All budgets with what is used of them, as the admin API gives them. */
export async function budgetsOf(gateway: TestGateway): Promise<Record<string, unknown>[]> {
  const response = await gateway.get('/admin/budgets', admin);
  return ((await response.json()) as { data: Record<string, unknown>[] }).data;
}
