import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];
const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
const saying =
  (text: string): Brain =>
  () => ({ text, finish: 'stop', usage });
const cheapText = 'the cheap one says a lot of words that nobody needs in the end';
const strongText = 'this is what the strong one knows of it';
const omen = { upgrade: true };

interface Chunk {
  choices: { index: number; delta: { content?: string }; finish_reason: string | null }[];
  omen?: { upgrade: { from: string; to: string; choice: number } };
  error?: { message: string };
}

function records(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}

/** What is told of each choice. */
function choicesOf(text: string) {
  const choices: { text: string; finish: string | null }[] = [];
  for (const { choices: told } of records(text) as unknown as Chunk[]) {
    for (const { delta, finish_reason: finish, index } of told ?? []) {
      choices[index] ??= { text: '', finish: null };
      choices[index].text += delta.content ?? '';
      choices[index].finish ??= finish;
    }
  }
  return choices;
}

describe('an answer that is upgraded', () => {
  let cheap: Emulator;
  let strong: Emulator;
  let gateway: TestGateway;

  beforeEach(async () => {
    cheap = startOpenAiEmulator({ brain: saying(cheapText) });
    strong = startOpenAiEmulator({ brain: saying(strongText) });
    const provider = (name: string, url: string) =>
      providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl: `${url}/v1` });
    gateway = await testGateway({
      providers: [provider('cheap', cheap.url), provider('strong', strong.url)],
      settings: {
        prices: new Map([
          ['cheap/gpt-4.1-mini', { input: 1, output: 1 }],
          ['strong/gpt-4.1', { input: 10, output: 10 }],
        ]),
        aliases: new Map([
          [
            'soon',
            {
              strategy: 'speculate_k',
              candidates: ['strong/gpt-4.1', 'cheap/gpt-4.1-mini'],
              delayMs: 150,
            },
          ],
          ['other', { strategy: 'race', candidates: ['strong/gpt-4.1', 'cheap/gpt-4.1-mini'] }],
        ]),
      },
    });
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await cheap.stop();
    await strong.stop();
  });
  const chat = (body: object = {}) =>
    gateway.post('/v1/chat/completions', { model: 'soon', messages, stream: true, omen, ...body });
  /** The cheap one begins and says no more until it is cancelled. */
  const stall = (afterRecords = 6) => cheap.faults.push({ kind: 'silence', afterRecords });

  test('has the cheap text first, says that it is void, and then all of the other', async () => {
    stall();
    const response = await chat();
    expect(response.headers.get('x-zeke-provider')).toBe('cheap');
    const text = await response.text();
    const [first, second, ...others] = choicesOf(text);
    expect(others).toEqual([]);
    expect(cheapText).toStartWith(first?.text ?? '?');
    expect(first?.text).not.toBe('');
    expect(first?.finish).toBe('length');
    expect(second).toEqual({ text: strongText, finish: 'stop' });
    const marks = records(text).filter(({ omen: mark }) => mark !== undefined);
    expect(marks.map(({ omen: mark }) => mark)).toEqual([
      { upgrade: { from: 'cheap/gpt-4.1-mini', to: 'strong/gpt-4.1', choice: 1 } },
    ]);
    expect(text).toEndWith('data: [DONE]\n\n');
    const rows = await gateway.ledger();
    expect(rows.map(({ outcome, provider }) => `${provider} ${outcome}`).sort()).toEqual([
      'cheap canceled',
      'strong ok',
    ]);
  });

  test('stays as it is when it is whole before the other begins', async () => {
    strong.faults.push({ kind: 'silence' });
    const text = await (await chat()).text();
    expect(choicesOf(text)).toEqual([{ text: cheapText, finish: 'stop' }]);
    expect(text).not.toContain('upgrade');
    const rows = await gateway.ledger();
    const outcomes = rows.map(({ outcome, provider }) => `${provider} ${outcome}`).sort();
    expect(outcomes.slice(0, 1)).toEqual(['cheap ok']);
    expect(outcomes.slice(1)).toEqual(outcomes.length > 1 ? ['strong canceled'] : []);
  });

  test('takes the place of one that breaks off', async () => {
    cheap.faults.push({ kind: 'cut', afterRecords: 6 });
    strong.faults.push({ kind: 'delay', ms: 20 });
    const text = await (await chat()).text();
    expect(choicesOf(text).at(-1)).toEqual({ text: strongText, finish: 'stop' });
    expect(text).not.toContain('"error"');
  });

  test('is told to have broken off where no other comes', async () => {
    cheap.faults.push({ kind: 'cut', afterRecords: 6 });
    strong.faults.push({ kind: 'status', status: 500 });
    const text = await (await chat()).text();
    expect(choicesOf(text)).toHaveLength(1);
    expect((records(text).at(-1) as unknown as Chunk).error?.message).toContain('cheap');
  });

  test('goes on when the other fails', async () => {
    strong.faults.push({ kind: 'status', status: 500 });
    const text = await (await chat()).text();
    expect(choicesOf(text)).toEqual([{ text: cheapText, finish: 'stop' }]);
  });

  test('is plain when the strong one was quicker', async () => {
    cheap.faults.push({ kind: 'silence' });
    const response = await chat();
    expect(response.headers.get('x-zeke-provider')).toBe('strong');
    const text = await response.text();
    expect(choicesOf(text)).toEqual([{ text: strongText, finish: 'stop' }]);
    expect(text).not.toContain('upgrade');
  });

  test('ends both when the client leaves', async () => {
    stall();
    strong.faults.push({ kind: 'silence', afterRecords: 1 });
    const response = await chat();
    const reader = response.body?.getReader();
    await reader?.read();
    while (strong.requests.length === 0) await new Promise((done) => setImmediate(done));
    await reader?.cancel();
    const rows = await gateway.ledger();
    expect(rows.map(({ outcome }) => outcome)).toEqual(['canceled', 'canceled']);
  });

  test('has blocks of its own in Anthropic’s API, the first of which is marked', async () => {
    stall();
    const body = { model: 'soon', messages, max_tokens: 100, stream: true, omen };
    const text = await (await gateway.post('/v1/messages', body)).text();
    const events = records(text);
    expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1);
    const upgrade = { from: 'cheap/gpt-4.1-mini', to: 'strong/gpt-4.1' };
    expect(events.find(({ type }) => type === 'upgrade')).toEqual({
      type: 'upgrade',
      ...upgrade,
      block: 1,
    });
    const starts = events.filter(({ type }) => type === 'content_block_start');
    expect(starts.map(({ content_block: block }) => block)).toEqual([
      { type: 'text', text: '', citations: null },
      { type: 'text', text: '', citations: null, omen: { upgrade } },
    ]);
    const stops = events.filter(({ type }) => type === 'content_block_stop');
    expect(stops.map(({ index }) => index)).toEqual([0, 1]);
    const told = events.filter(({ index, type }) => type === 'content_block_delta' && index === 1);
    const words = told.map(({ delta }) => (delta as { text: string }).text).join('');
    expect(words).toBe(strongText);
  });

  test('is the only one in the response of the Responses API, and what is kept', async () => {
    stall();
    const body = { model: 'soon', input: 'hello', stream: true, omen };
    const text = await (await gateway.post('/v1/responses', body)).text();
    const events = records(text);
    expect(events.map(({ sequence_number: at }) => at)).toEqual([...events.keys()]);
    const mark = events.find(({ type }) => type === 'keepalive');
    expect(mark?.omen).toMatchObject({ upgrade: { to: 'strong/gpt-4.1', output_index: 1 } });
    const done = events.filter(({ type }) => type === 'response.output_item.done');
    expect(done.map(({ item }) => (item as { status: string }).status)).toEqual([
      'incomplete',
      'completed',
    ]);
    const { response } = events.at(-1) as { response: { id: string; output: object[] } };
    expect(JSON.stringify(response.output)).toContain(strongText);
    expect(response.output).toHaveLength(1);
    const kept = await gateway.get(`/v1/responses/${response.id}`);
    const { output } = (await kept.json()) as { output: object[] };
    expect(JSON.stringify(output)).toContain(strongText);
    expect(JSON.stringify(output)).not.toContain('cheap');
  });

  test.each([
    [
      '/v1beta/models/soon:streamGenerateContent?alt=sse',
      { contents: [{ parts: [{ text: 'x' }] }] },
    ],
    ['/api/chat', { model: 'soon', messages }],
    ['/v1/completions', { model: 'soon', prompt: 'x', stream: true }],
  ])('is refused by name where %s has no room for it', async (path, body) => {
    const response = await gateway.post(path, { ...body, omen });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('omen.upgrade');
    expect(cheap.requests).toHaveLength(0);
  });

  test('is refused by name with another strategy', async () => {
    const response = await chat({ model: 'other' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('omen.upgrade: only an answer of speculate_k');
  });

  test('is refused where a webhook has to see all of an answer before any of it goes out', async () => {
    const check = {
      type: 'webhook',
      url: 'http://127.0.0.1:1',
      timeoutMs: 1_000,
      onFailure: 'block',
    } as const;
    gateway.configure({
      guardrails: [{ name: 'hook', action: 'block', direction: 'out', scope: {}, check }],
    });
    const response = await chat();
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('omen.upgrade: a guardrail looks at whole answers');
    expect(cheap.requests).toHaveLength(0);
  });

  test('comes not unless it is asked for, and not in whole answers', async () => {
    const plain = await (await chat({ omen: {} })).text();
    expect(plain).not.toContain('upgrade');
    const whole = await chat({ stream: false });
    expect(whole.status).toBe(200);
    expect(await whole.text()).not.toContain('upgrade');
  });
});
