import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import type { Brain } from '@zeke/emulators';
import OpenAI from 'openai';
import { type House, startHouse } from '../support/house.ts';

/** Says 20,000 words where nobody limits it. */
const talker: Brain = ({ maxTokens = 20_000 }) => ({
  text: 'word '.repeat(maxTokens),
  finish: 'stop',
  usage: { input: 10, cachedInput: 0, output: maxTokens, reasoning: 0 },
});

const messages = [{ role: 'user' as const, content: 'talk' }];
const openAiModel = 'openai/gpt-4.1-mini';
const claude = 'anthropic/claude-sonnet-4-5';

let house: House;
let keyId: string;

beforeAll(async () => {
  house = await startHouse({ vendors: ['openai', 'anthropic'], emulators: { brain: talker } });
  const [key] = await house.served.gateway.keys.list();
  keyId = key?.id ?? '';
});
beforeEach(() => {
  house.served.answers.length = 0;
});
afterAll(() => house[Symbol.asyncDispose]());

async function setBudget(limitUsd: number): Promise<void> {
  const { secret } = await house.served.gateway.keys.create({
    name: 'admin',
    owner: 'tester',
    scopes: ['admin'],
  });
  const request = new Request(`${house.served.url}/admin/budgets`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'key', id: keyId, period: 'month', limit_usd: limitUsd }),
  });
  expect((await house.served.gateway.handle(request)).status).toBe(200);
}

/** With their own number of retries. */
const openai = () => new OpenAI({ baseURL: `${house.served.url}/v1`, apiKey: house.served.apiKey });
const anthropic = () => new Anthropic({ baseURL: house.served.url, apiKey: house.served.apiKey });

async function failureOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (reason) {
    return reason;
  }
  throw new Error('it did not fail');
}

test("OpenAI's client is told a budget that is used up as its quota, and asks once", async () => {
  await setBudget(0);
  const asked = openai().chat.completions.create({ model: openAiModel, messages });
  const error = await failureOf(asked);
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  });
  expect((error as Error).message).toContain("the month's budget of key test");
  expect(house.served.answers).toHaveLength(1);
});

test("Anthropic's client is told of it as its billing, and asks once", async () => {
  await setBudget(0);
  const asked = anthropic().messages.create({ model: claude, messages, max_tokens: 10 });
  const error = await failureOf(asked);
  expect(error).toBeInstanceOf(Anthropic.APIError);
  expect(error).toMatchObject({ status: 402, error: { error: { type: 'billing_error' } } });
  expect(house.served.answers).toHaveLength(1);
});

test("Google's client has the status and the words", async () => {
  await setBudget(0);
  const { apiKey, url } = house.served;
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
  const asked = client.models.generateContent({ model: openAiModel, contents: 'talk' });
  const error = await failureOf(asked);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).status).toBe(429);
  expect((error as ApiError).message).toContain('RESOURCE_EXHAUSTED');
});

test('a stream that a budget stops is an error of the client, after what came before', async () => {
  // gpt-4.1-mini costs $1.60 a million tokens: 4,096 are held for $0.0066.
  await setBudget(0.008);
  let text = '';
  const spoken = async () => {
    const stream = await openai().chat.completions.create({
      model: openAiModel,
      messages,
      stream: true,
    });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  };
  const stopped = await failureOf(spoken());
  expect(stopped).toBeInstanceOf(OpenAI.APIError);
  expect(stopped).toMatchObject({ code: 'insufficient_quota' });
  expect((stopped as Error).message).toContain('the answer was stopped');
  expect(text).toStartWith('word word');
  const rows = await house.served.ledger();
  expect(rows.at(-1)).toMatchObject({ outcome: 'incomplete', error_code: 'resource_exhausted' });
});
