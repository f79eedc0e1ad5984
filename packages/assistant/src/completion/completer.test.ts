import { expect, test } from 'bun:test';
import { createLogger, createMetrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { FillEvent, FillRequest, ModelClient, ModelInfo } from '../model/model-client.ts';
import { type ModelScript, ScriptedModel } from '../testing/scripted-model.ts';
import { Completer, type CompleterOptions } from './completer.ts';
import type { Completion, CompletionRequest } from './completion.ts';

const never = new AbortController().signal;
const project = { root: '/p', name: 'p' };
const scripted: ModelInfo = { id: 'rack/coder', canFill: true };

/** A model whose answers are written by the test, piece by piece. */
class HandModel implements ModelClient {
  readonly asked: FillRequest[] = [];
  readonly stopped: number[] = [];
  readonly #pieces: PromiseWithResolvers<string | undefined>[][] = [];
  #waiting: PromiseWithResolvers<void> = Promise.withResolvers();

  generate(): AsyncIterable<never> {
    throw new RpcError('unimplemented', 'it only fills');
  }

  async *fill(request: FillRequest, signal: AbortSignal): AsyncGenerator<FillEvent> {
    const number = this.asked.push(request) - 1;
    const pieces = [Promise.withResolvers<string | undefined>()];
    this.#pieces[number] = pieces;
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
    const stop = () => {
      this.stopped.push(number);
      pieces.at(-1)?.reject(new RpcError('canceled', 'stopped'));
    };
    signal.addEventListener('abort', stop, { once: true });
    for (let at = 0; ; at++) {
      const text = await pieces[at]?.promise;
      if (text === undefined) break;
      yield { type: 'text', text };
    }
    signal.removeEventListener('abort', stop);
    yield { type: 'finish', usage: {}, model: 'rack/coder-9b' };
  }

  async models(): Promise<ModelInfo[]> {
    return [scripted];
  }

  /** The next piece of an answer; undefined: its end. */
  say(number: number, text: string | undefined): void {
    const pieces = this.#pieces[number] ?? [];
    const last = pieces.at(-1);
    pieces.push(Promise.withResolvers());
    last?.resolve(text);
  }

  async untilAsked(count: number): Promise<void> {
    while (this.asked.length < count) await this.#waiting.promise;
  }
}

function completer(models: ModelClient, options: Partial<CompleterOptions> = {}) {
  return new Completer({
    local: () => undefined,
    models,
    model: 'rack/coder',
    cache: { maxEntries: 100, ttlMs: 60_000 },
    log: createLogger({ level: 'silent' }),
    ...options,
  });
}

/** `text` has its cursor at `|`. */
function at(text: string, change: Partial<CompletionRequest> = {}): CompletionRequest {
  const [prefix = '', suffix = ''] = text.split('|', 2);
  return { project, filePath: '/p/a.ts', prefix, suffix, trigger: 'explicit', ...change };
}

function local(text: string, confidence = 0.8): Partial<CompleterOptions> {
  return { local: () => ({ complete: () => ({ suggestions: [{ text, confidence }] }) }) };
}

async function all(completions: AsyncIterable<Completion>): Promise<Completion[]> {
  return await Array.fromAsync(completions);
}

function filling(fill: (request: FillRequest, index: number) => string | Error) {
  return new ScriptedModel([], { fill, models: [scripted] });
}

test('the local completion stands in until the model has one', async () => {
  const model = new HandModel();
  await using both = completer(model, local('local()'));
  const told: Completion[] = [];
  for await (const completion of both.stream(at('const x = |;'), never)) {
    told.push(completion);
    if (told.length === 1) {
      await model.untilAsked(1);
      model.say(0, 'call(');
    }
    if (completion.completion === 'call(') {
      model.say(0, '1)');
      model.say(0, undefined);
    }
  }
  expect(told.map(({ completion, source, isLast }) => [completion, source, isLast])).toEqual([
    ['local()', 'local', false],
    ['call(', 'model', false],
    ['call(1)', 'model', false],
    ['call(1)', 'model', true],
  ]);
  expect(told.at(-1)).toMatchObject({ provider: 'rack', model: 'coder-9b', isDegraded: false });
  expect(told[0]).toMatchObject({ provider: 'local', confidence: 0.8, isDegraded: false });
});

test('an answer is kept, and what is typed of it leaves the rest', async () => {
  const model = filling(() => 'call(1)');
  await using kept = completer(model);
  const first = await kept.complete(at('const x = |;'), never);
  const second = await kept.complete(at('const x = |;'), never);
  const typed = await kept.complete(at('const x = ca|;'), never);
  expect([first, second, typed].map(({ completion, source }) => [completion, source])).toEqual([
    ['call(1)', 'model'],
    ['call(1)', 'cache'],
    ['ll(1)', 'cache'],
  ]);
  expect(second.confidence).toBe(first.confidence);
  expect(model.fills).toHaveLength(1);
});

test('an answer under way goes on while the typing agrees with it', async () => {
  const model = new HandModel();
  await using going = completer(model, local('other'));
  const first = going.complete(at('x = |'), never);
  await model.untilAsked(1);
  model.say(0, 'call');
  const second = all(going.stream(at('x = ca|'), never));
  // Whoever was superseded has the local one, and no error.
  expect(await first).toMatchObject({ completion: 'other', source: 'local', isLast: true });
  model.say(0, '(1)');
  model.say(0, undefined);
  const last = (await second).at(-1);
  expect(last).toMatchObject({ completion: 'll(1)', source: 'stream', model: 'coder-9b' });
  expect(model.asked).toHaveLength(1);
});

test('an answer that the typing disagrees with is stopped, and a new one begun', async () => {
  const model = new HandModel();
  await using going = completer(model);
  const first = going.complete(at('x = |'), never);
  await model.untilAsked(1);
  model.say(0, 'call');
  const second = going.complete(at('x = no|'), never);
  await model.untilAsked(2);
  expect(model.stopped).toEqual([0]);
  model.say(1, 'pe()');
  model.say(1, undefined);
  expect(await second).toMatchObject({ completion: 'pe()', source: 'model' });
  expect(await first).toMatchObject({ completion: '', source: 'local' });
});

test('who leaves takes nothing with them: the answer is there for the next key', async () => {
  const model = new HandModel();
  await using going = completer(model);
  const leaving = new AbortController();
  const first = going.complete(at('x = |'), leaving.signal).catch((reason: unknown) => reason);
  await model.untilAsked(1);
  leaving.abort();
  expect(await first).toMatchObject({ code: 'canceled' });
  model.say(0, 'call()');
  model.say(0, undefined);
  expect(await going.complete(at('x = c|'), never)).toMatchObject({ completion: 'all()' });
  expect(model.asked).toHaveLength(1);
});

test('while somebody types on, a model is asked once, after the pause', async () => {
  const model = filling(() => 'call()');
  await using typing = completer(model);
  const answers = ['x|', 'x |', 'x =|', 'x = |'].map((text) =>
    typing.complete(at(text, { trigger: 'typing' }), never),
  );
  const told = await Promise.all(answers);
  expect(told.map(({ completion }) => completion)).toEqual(['', '', '', 'call()']);
  expect(model.fills.map(({ prefix }) => prefix.split('\n').at(-1))).toEqual(['x = ']);
});

test('without a model the local one remains, marked, and the model is tried again', async () => {
  let now = 0;
  let isDown = true;
  const model = filling(() => (isDown ? new RpcError('unavailable', 'no gateway') : 'call()'));
  await using left = completer(model, { ...local('local()'), now: () => now });
  const degraded = { completion: 'local()', source: 'local', isDegraded: true, isLast: true };
  expect(await left.complete(at('x = |'), never)).toMatchObject(degraded);
  expect(await left.complete(at('y = |'), never)).toMatchObject(degraded);
  expect(model.fills).toHaveLength(1);
  expect(left.status.unreachable).toBe('no gateway');
  now += 1_000;
  expect(await left.complete(at('z = |'), never)).toMatchObject(degraded);
  now += 1_999;
  await left.complete(at('z = |'), never);
  expect(model.fills).toHaveLength(2);
  now += 1;
  isDown = false;
  const back = await left.complete(at('z = |'), never);
  expect(back).toMatchObject({ completion: 'call()', source: 'model', isDegraded: false });
  expect(left.status.unreachable).toBeUndefined();
});

test('a model that hangs is waited for no longer than the limit', async () => {
  await using slow = completer(new HandModel(), { ...local('local()'), timeoutMs: 20 });
  const told = await all(slow.stream(at('x = |'), never));
  expect(told.map(({ completion, isDegraded }) => [completion, isDegraded])).toEqual([
    ['local()', false],
    ['local()', true],
  ]);
  expect(slow.status.unreachable).toMatch(/^the model did not complete within \d+ ms$/);
});

test('a model that does not fill is asked in words, also when it was said to', async () => {
  const script: ModelScript = () => ({ text: '```ts\nconst x = call();\n```', model: 'rack/chat' });
  for (const models of [[{ ...scripted, canFill: false }], [scripted], []]) {
    const model = new ScriptedModel(script, { models });
    await using asked = completer(model);
    const request = at('const x = |;', {
      language: 'typescript',
      context: {
        lspSymbols: ['call'],
        openDocuments: [
          { filePath: '/p/b.ts', text: 'export function call(): number {}\nconst const_ = x;' },
        ],
      },
    });
    expect(await asked.complete(request, never)).toMatchObject({
      completion: 'call()',
      provider: 'rack',
      model: 'chat',
    });
    const [sent] = model.requests;
    const [part] = sent?.messages[0]?.parts ?? [];
    const text = part?.type === 'text' ? part.text : '';
    expect(text).toContain('<document>\nconst x = <|cursor|>;\n</document>');
    expect(text).toContain('The file a.ts (typescript):');
    expect(text).toContain('Names in scope: call');
    expect(sent).toMatchObject({ model: 'rack/coder', intent: 'code', project: 'p' });
  }
});

test('other places stand before the document, without secrets; long documents are cut at lines', async () => {
  const model = filling(() => '1;');
  const related = async () => [{ path: 'key.ts', text: `const key = 'sk-abcdefghijklmnopqrst';` }];
  await using asked = completer(model, { related: [{ related }] });
  const long = Array.from({ length: 5_000 }, (_, line) => `const v${line} = ${line};`).join('\n');
  await asked.complete(at(`${long}\nconst x = |\n${long}`), never);
  const [{ prefix = '', suffix = '' } = {}] = model.fills;
  expect(prefix.startsWith(`// key.ts\n// const key = '[redacted]';\n// a.ts\nconst v`)).toBe(true);
  expect(prefix.endsWith('const v4999 = 4999;\nconst x = ')).toBe(true);
  expect(prefix.length + suffix.length).toBeLessThan(18_000);
  expect(suffix.startsWith('\nconst v0 = 0;\n') && suffix.endsWith('\n')).toBe(true);
});

test('one that is taken has the next one prepared', async () => {
  const model = filling((_, index) => (index === 0 ? 'one();' : '\n  two();\n}'));
  await using ahead = completer(model);
  const first = await ahead.complete(at('f() {\n  |\n}'), never);
  ahead.feedback(first.id, 'shown');
  ahead.feedback(first.id, 'accepted');
  ahead.feedback(first.id, 'accepted');
  while (model.fills.length < 2) await new Promise(setImmediate);
  const second = await ahead.complete(at('f() {\n  one();|\n}'), never);
  expect(second.completion).toBe('\n  two();');
  expect(second.source).toMatch(/^(stream|cache)$/);
  expect(model.fills).toHaveLength(2);
});

test('nothing is asked within a word, when only local ones are wanted, or without a model', async () => {
  const model = filling(() => 'call()');
  await using asked = completer(model, local('local()'));
  expect(await asked.complete(at('na|me'), never)).toMatchObject({ source: 'local' });
  expect(await asked.complete(at('x = |', { localOnly: true }), never)).toMatchObject({
    source: 'local',
    isDegraded: false,
  });
  const { model: _, ...options } = local('local()') as CompleterOptions;
  await using none = new Completer({
    ...options,
    models: model,
    cache: { maxEntries: 1, ttlMs: 1 },
    log: createLogger({ level: 'silent' }),
  });
  expect(await none.complete(at('x = |'), never)).toMatchObject({ isDegraded: false });
  expect(model.fills).toHaveLength(0);
});

test('a confidence becomes what people do with completions', async () => {
  const model = filling(() => 'call();');
  await using learning = completer(model, { cache: { maxEntries: 0, ttlMs: 1 } });
  const ask = (name: string) => learning.complete(at(`${name} = |`), never);
  const before = (await ask('first')).confidence;
  for (let count = 0; count < 40; count++)
    learning.feedback((await ask(`a${count}`)).id, 'rejected');
  const after = (await ask('last')).confidence;
  expect(before).toBe(0.6);
  expect(after).toBe(0.2);
});

test('times by source, and what became of completions, are metrics', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  await using counted = completer(
    filling(() => 'call();'),
    { ...local('local()'), metrics },
  );
  const { id } = await counted.complete(at('x = |'), never);
  counted.feedback(id, 'shown');
  counted.feedback('nobody', 'shown');
  await counted.complete(at('x = |'), never);
  const text = await metrics.text();
  for (const source of ['local', 'model', 'cache']) {
    expect(text).toContain(`zeke_completion_duration_seconds_count{source="${source}"} 1`);
  }
  expect(text).toContain('zeke_completion_outcomes_total{source="model",outcome="shown"} 1');
});
