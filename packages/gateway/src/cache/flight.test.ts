import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

/** A provider whose answers are written by the test. */
class ScriptedProvider {
  readonly #arrived: ((answer: ScriptedAnswer) => void)[] = [];
  readonly #answers: ScriptedAnswer[] = [];
  asked = 0;
  readonly #server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: (request) => {
      this.asked++;
      const answer = new ScriptedAnswer(request);
      const waits = this.#arrived.shift();
      if (waits) waits(answer);
      else this.#answers.push(answer);
      return answer.response;
    },
  });

  get url(): string {
    return this.#server.url.origin;
  }

  /** The next request that came. */
  next(): Promise<ScriptedAnswer> {
    const answer = this.#answers.shift();
    if (answer) return Promise.resolve(answer);
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}

const encoder = new TextEncoder();

class ScriptedAnswer {
  readonly #head = Promise.withResolvers<Response>();
  readonly #gone = Promise.withResolvers<void>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(request: Request) {
    request.signal.addEventListener('abort', () => this.#gone.resolve());
  }

  get response(): Promise<Response> {
    return this.#head.promise;
  }

  /** Resolves when the gateway gives the request up. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  fail(status: number): void {
    this.#head.resolve(Response.json({ error: { message: 'broken' } }, { status }));
  }

  whole(content: string): void {
    const message = { role: 'assistant', content };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    this.#head.resolve(Response.json({ id: 'a', model: 'm', created: 1, choices, usage }));
  }

  say(content: string): void {
    if (!this.#controller) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#controller = controller;
        },
      });
      this.#head.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    }
    this.#send({ choices: [{ index: 0, delta: { content } }] });
  }

  end(): void {
    this.#send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    this.#controller?.enqueue(encoder.encode('data: [DONE]\n\n'));
    this.#controller?.close();
  }

  cut(): void {
    this.#controller?.close();
  }

  #send(fields: object): void {
    const chunk = { id: 'a', model: 'm', created: 1, object: 'chat.completion.chunk', ...fields };
    this.#controller?.enqueue(encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
  }
}

describe('equal requests under way', () => {
  let provider: ScriptedProvider;
  let gateway: TestGateway;

  beforeEach(async () => {
    provider = new ScriptedProvider();
    gateway = await testGateway({
      providers: [
        providerConfig({
          name: 'p',
          type: 'compatible',
          apiKey: 'k',
          baseUrl: `${provider.url}/v1`,
          models: ['m'],
        }),
      ],
      settings: {
        cache: { maxBytes: 1e6, ttlMs: 1e6, scope: 'key', maxTemperature: 0, byModel: [] },
      },
    });
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await provider.stop();
  });

  const request = (stream: boolean) => ({
    model: 'p/m',
    messages: [{ role: 'user', content: 'hi' }],
    temperature: 0,
    stream,
  });
  const ask = (stream: boolean, signal?: AbortSignal) =>
    gateway.gateway.handle(
      new Request('http://127.0.0.1/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request(stream)),
        ...(signal ? { signal } : {}),
      }),
    );
  /** Resolves when so many follow. */
  const following = async (count: number) => {
    for (;;) {
      const stats = (await (await gateway.get('/cache/stats')).json()) as { following: number };
      if (stats.following === count) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const stateOf = (response: Response) => response.headers.get('x-zeke-cache');
  /** A stream's answer, record by record; `until` reads as far as it says that. */
  const reading = (response: Response) => {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const utf8 = new TextDecoder();
    let text = '';
    return {
      until: async (mark: string) => {
        while (!text.includes(mark)) {
          const { done, value } = await reader.read();
          if (done) throw new Error(`the stream ended without ${mark}: ${text}`);
          text += utf8.decode(value);
        }
      },
      rest: async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return text;
          text += utf8.decode(value);
        }
      },
      cancel: () => reader.cancel(),
    };
  };
  const contentOf = async (response: Response) =>
    ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message
      .content;

  /** A leader's stream with its first word told. */
  const lead = async () => {
    const asked = ask(true);
    const answer = await provider.next();
    answer.say('one ');
    const response = await asked;
    expect(stateOf(response)).toBe('miss');
    const leader = reading(response);
    await leader.until('one');
    return { answer, leader };
  };

  test('a follower gets the answer as it streams, and another one gets it whole', async () => {
    const { answer, leader } = await lead();
    const streamed = await ask(true);
    expect(stateOf(streamed)).toBe('shared');
    const whole = ask(false);
    await following(2);
    const follower = reading(streamed);
    await follower.until('one');
    answer.say('two');
    await follower.until('two');
    answer.end();
    expect(await follower.rest()).toContain('[DONE]');
    expect(await leader.rest()).toContain('[DONE]');
    expect(stateOf(await whole)).toBe('shared');
    expect(await contentOf(await whole)).toBe('one two');
    expect(stateOf(await ask(true))).toBe('hit');
    expect(provider.asked).toBe(1);
    const outcomes = (await gateway.ledger()).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['cached', 'cached', 'cached', 'ok']);
  });

  test('who follows a whole answer as a stream gets it when it is there', async () => {
    const first = ask(false);
    const answer = await provider.next();
    const second = ask(true);
    await following(1);
    answer.whole('all of it');
    expect(await contentOf(await first)).toBe('all of it');
    const text = await (await second).text();
    expect(text).toContain('all of it');
    expect(text).toContain('[DONE]');
    expect(stateOf(await second)).toBe('shared');
  });

  test('when the leader fails, its followers ask themselves', async () => {
    const first = ask(false);
    const answer = await provider.next();
    const second = ask(false);
    await following(1);
    answer.fail(500);
    expect((await first).status).toBe(500);
    (await provider.next()).whole('mine');
    expect(await contentOf(await second)).toBe('mine');
    expect(stateOf(await second)).toBe('miss');
  });

  test('a leader whose client leaves does not take the answer with it', async () => {
    const { answer, leader } = await lead();
    const response = await ask(true);
    const whole = ask(false);
    await following(2);
    await leader.cancel();
    answer.say('two');
    answer.end();
    expect(await reading(response).rest()).toContain('two');
    expect(await contentOf(await whole)).toBe('one two');
    expect((await gateway.ledger()).map(({ outcome }) => outcome)).toContain('ok');
  });

  test('also when it leaves before the answer begins', async () => {
    const gone = new AbortController();
    const first = ask(false, gone.signal);
    const answer = await provider.next();
    const second = ask(false);
    await following(1);
    gone.abort();
    answer.whole('still here');
    expect(await contentOf(await second)).toBe('still here');
    await first;
    expect(provider.asked).toBe(1);
  });

  test('a leader that does not read holds nobody up', async () => {
    const asked = ask(true);
    const answer = await provider.next();
    answer.say('one ');
    const slow = await asked;
    const follower = reading(await ask(true));
    for (let i = 0; i < 100; i++) answer.say(`word${i} `);
    answer.end();
    expect(await follower.rest()).toContain('word99');
    expect(await reading(slow).rest()).toContain('word99');
  });

  test('when all have left, the provider is told', async () => {
    const { answer, leader } = await lead();
    const follower = reading(await ask(true));
    const gone = new AbortController();
    const whole = ask(false, gone.signal);
    await following(2);
    await leader.cancel();
    gone.abort();
    expect((await whole).status).toBe(499);
    await follower.cancel();
    await answer.gone;
    expect((await gateway.ledger()).map(({ outcome }) => outcome)).toContain('canceled');
    const again = ask(false);
    (await provider.next()).whole('anew');
    expect(stateOf(await again)).toBe('miss');
  });

  test('an answer that breaks off is told as such, and not kept', async () => {
    const { answer, leader } = await lead();
    const follower = reading(await ask(true));
    answer.cut();
    expect(await leader.rest()).toContain('error');
    expect(await follower.rest()).toContain('error');
    const rows = (await gateway.ledger()).map(({ error_code, outcome }) => [outcome, error_code]);
    expect(rows.sort()).toEqual([
      ['cached', 'data_loss'],
      ['incomplete', 'data_loss'],
    ]);
    const again = ask(false);
    (await provider.next()).whole('anew');
    expect(stateOf(await again)).toBe('miss');
  });

  test('over a socket: the leader’s connection breaks, the follower’s answer does not', async () => {
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: (request) => gateway.gateway.handle(request),
    });
    const send = (signal?: AbortSignal) =>
      fetch(`${server.url}v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request(true)),
        ...(signal ? { signal } : {}),
      });
    const gone = new AbortController();
    const asked = send(gone.signal);
    const answer = await provider.next();
    answer.say('one ');
    const leader = reading(await asked);
    await leader.until('one');
    const follower = reading(await send());
    await follower.until('one');
    gone.abort();
    await expect(leader.rest()).rejects.toThrow();
    const second = reading(await send());
    answer.say('two');
    await follower.until('two');
    answer.end();
    expect(await follower.rest()).toContain('[DONE]');
    expect(await second.rest()).toContain('two');
    expect(provider.asked).toBe(1);
  });

  test('what is cleared while it is on its way is not kept', async () => {
    const { answer, leader } = await lead();
    await gateway.post('/cache/clear', '');
    answer.end();
    await leader.rest();
    const again = ask(false);
    (await provider.next()).whole('anew');
    expect(stateOf(await again)).toBe('miss');
  });
});
