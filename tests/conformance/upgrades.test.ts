import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { type ProviderConfig, Secret } from '@zeke/foundation';
import { streamText } from 'ai';
import OpenAI from 'openai';
import { type ServedGateway, serveGateway } from '../support/serve-gateway.ts';

/** The official clients read a stream whose first answer is taken back in the middle. */
const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
const saying =
  (text: string): Brain =>
  () => ({ text, finish: 'stop', usage });
const cheapText = 'the cheap one says a lot of words that nobody needs in the end';
const strongText = 'this is what the strong one knows of it';
const upgrade = { from: 'cheap/gpt-4.1-mini', to: 'strong/gpt-4.1' };
const model = 'soon';
const messages = [{ role: 'user' as const, content: 'hello there' }];
const omen = { upgrade: true };

let cheap: Emulator;
let strong: Emulator;
let served: ServedGateway;

beforeAll(async () => {
  cheap = startOpenAiEmulator({ brain: saying(cheapText) });
  strong = startOpenAiEmulator({ brain: saying(strongText) });
  const provider = (name: string, url: string): ProviderConfig => ({
    name,
    type: 'openai',
    headers: {},
    priority: 100,
    apiKey: new Secret('k'),
    baseUrl: `${url}/v1`,
  });
  served = await serveGateway({
    providers: [provider('cheap', cheap.url), provider('strong', strong.url)],
    aliases: new Map([
      [
        model,
        {
          strategy: 'speculate_k',
          candidates: ['cheap/gpt-4.1-mini', 'strong/gpt-4.1'],
          delayMs: 400,
        },
      ],
    ]),
  });
});
// The cheap one begins, and says no more until it is cancelled.
beforeEach(() => void cheap.faults.push({ kind: 'silence', afterRecords: 6 }));
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await cheap.stop();
  await strong.stop();
});
const openAi = () =>
  new OpenAI({ baseURL: `${served.url}/v1`, apiKey: served.apiKey, maxRetries: 0 });

describe('an upgrade breaks no client and mixes no answers', () => {
  test('OpenAI, chunk by chunk', async () => {
    const body = { model, messages, stream: true as const, omen };
    const texts: string[] = [];
    let told: unknown;
    for await (const chunk of await openAi().chat.completions.create(body)) {
      if ('omen' in chunk) told = chunk.omen;
      for (const { delta, index } of chunk.choices) {
        texts[index] = (texts[index] ?? '') + (delta.content ?? '');
      }
    }
    expect(told).toEqual({ upgrade: { ...upgrade, choice: 1 } });
    expect(cheapText).toStartWith(texts[0] ?? '?');
    expect(texts.slice(1)).toEqual([strongText]);
  });

  test('OpenAI, by its helper that puts chunks together', async () => {
    const options = { model, messages, omen, stream: true as const };
    const { choices } = await openAi().chat.completions.stream(options).finalChatCompletion();
    expect(choices.map(({ finish_reason: reason }) => reason)).toEqual(['length', 'stop']);
    expect(cheapText).toStartWith(choices[0]?.message.content ?? '?');
    expect(choices[1]?.message.content).toBe(strongText);
  });

  test('OpenAI Responses, by its helper', async () => {
    const options = { model, input: 'hello', omen } as never;
    const stream = openAi().responses.stream(options);
    let told: unknown;
    for await (const event of stream) if ('omen' in event) told = event.omen;
    const final = await stream.finalResponse();
    expect(told).toEqual({ upgrade: { ...upgrade, output_index: 1 } });
    expect(final.output_text).toBe(strongText);
    expect(final.output).toHaveLength(1);
  });

  test('Anthropic, by its helper', async () => {
    const client = new Anthropic({ baseURL: served.url, apiKey: served.apiKey, maxRetries: 0 });
    const body = { model, messages, max_tokens: 100, omen };
    const message = await client.messages.stream(body).finalMessage();
    const [void_, block, ...others] = message.content;
    expect(others).toEqual([]);
    expect(void_).not.toHaveProperty('omen');
    expect(block).toMatchObject({ type: 'text', text: strongText, omen: { upgrade } });
    expect(message.stop_reason).toBe('end_turn');
  });

  test("Vercel's ai", async () => {
    const provider = createOpenAICompatible({
      name: 'zeke',
      baseURL: `${served.url}/v1`,
      apiKey: served.apiKey,
      fetch: Object.assign(
        (input: string | URL | Request, init?: RequestInit) => {
          const body = { ...JSON.parse(String(init?.body)), omen };
          return fetch(input as string, { ...init, body: JSON.stringify(body) });
        },
        { preconnect: fetch.preconnect },
      ),
    });
    const result = streamText({ model: provider(model), prompt: 'hello there' });
    expect(await result.text).toBeString();
    expect(await result.finishReason).toBeString();
  });
});
