import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { CallContext } from '../../core/server.ts';
import { type Code, RpcError } from '../../rpc-error.ts';
import { answersStream } from '../exchange.ts';
import { callNote } from '../listen/call-log.ts';
import type { Schema } from '../schema/schema.ts';
import type { ByMethod, Span } from './by-method.ts';
import type { Example, Examples } from './example.ts';
import { fakeAnswer } from './fake-answer.ts';
import { matches, requestJson } from './request-pattern.ts';
import { SeededRandom } from './seeded-random.ts';

/** How the mock answers where no example says it. */
export interface MockSettings {
  readonly schema: Schema;
  readonly seed: string;
  readonly latency: ByMethod<Span>;
  /** The part of the calls that fail, 0 to 1, and how. */
  readonly failShare: ByMethod<number>;
  readonly failCode: ByMethod<Code>;
  /** Fakes in a stream, at least and at most. */
  readonly streamLength: ByMethod<readonly [number, number]>;
  readonly clock?: Clock;
}

type Handler = (request: never, context: CallContext) => unknown;

/** Answers calls from examples, and with fakes where none fits. */
export class MockAnswers {
  /** May be replaced while calls run. */
  examples: Examples = new Map();
  readonly #settings: MockSettings;
  readonly #clock: Clock;
  /** How often each method was called: what is random differs from call to call. */
  readonly #calls = new Map<string, number>();

  constructor(settings: MockSettings) {
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
  }

  /** The handlers of a service by the names of its methods. */
  handlers(service: DescService): Record<string, Handler> {
    return Object.fromEntries(
      service.methods.map((method) => [method.name, this.#handler(method)]),
    );
  }

  #handler(method: DescMethod): Handler {
    switch (method.methodKind) {
      case 'unary':
        return (request: object, context) => this.#only(method, request, context);
      case 'server_streaming':
        return (request: object, context) =>
          this.#answer(method, request, context, this.#chance(method));
      case 'client_streaming':
        return (requests: AsyncIterable<object>, context) =>
          this.#afterLast(method, requests, context);
      case 'bidi_streaming':
        return (requests: AsyncIterable<object>, context) => this.#each(method, requests, context);
    }
  }

  async #only(method: DescMethod, request: object, context: CallContext): Promise<object> {
    for await (const response of this.#answer(method, request, context, this.#chance(method))) {
      return response;
    }
    throw new RpcError('internal', `the mock has no answer for ${method.name}`);
  }

  /** What a stream of requests is answered with is up to its last one. */
  async #afterLast(
    method: DescMethod,
    requests: AsyncIterable<object>,
    context: CallContext,
  ): Promise<object> {
    let last: object = dynamicMessageType(method.input).create();
    for await (const request of requests) last = request;
    return await this.#only(method, last, context);
  }

  async *#each(
    method: DescMethod,
    requests: AsyncIterable<object>,
    context: CallContext,
  ): AsyncGenerator<object> {
    let chance = this.#chance(method);
    for await (const request of requests) {
      yield* this.#answer(method, request, context, chance);
      chance = { ...chance, isFirst: false, failsAt: undefined };
    }
  }

  async *#answer(
    method: DescMethod,
    request: object,
    context: CallContext,
    { random, isFirst, failsAt }: Chance,
  ): AsyncGenerator<object> {
    const { signal, method: info } = context;
    const json = jsonOf(method, request, this.#settings.schema);
    const example = this.examples.get(info.path)?.find((each) => isFor(each, json));
    this.#begin(example, context, isFirst);
    const span = this.#settings.latency(info.path);
    const wait = (ms: number | undefined): Promise<void> =>
      sleep(ms ?? within(span, random), signal, this.#clock);
    let index = 0;
    for (const response of example?.responses ?? this.#fakes(method, json)) {
      await wait(index === 0 ? example?.delayMs : example?.intervalMs);
      if (index === failsAt) throw this.#fault(context);
      yield response;
      index++;
    }
    if (index === 0) await wait(example?.delayMs);
    if (failsAt !== undefined) throw this.#fault(context);
    if (example?.error !== undefined) throw example.error;
  }

  #begin(example: Example | undefined, context: CallContext, isFirst: boolean): void {
    const note = context.value(callNote);
    if (note !== undefined) note.text = example?.origin ?? 'fake';
    if (example === undefined) return;
    if (isFirst && example.header.size > 0) context.sendHeader(example.header);
    for (const [name, value] of example.trailer) context.trailer.append(name, value);
  }

  *#fakes(method: DescMethod, request: JsonValue): Generator<object> {
    const { schema, seed, streamLength } = this.#settings;
    const isMany = method.methodKind === 'server_streaming';
    const path = `/${method.parent.typeName}/${method.name}`;
    const random = new SeededRandom(seed, 'length', path, JSON.stringify(request));
    const [min, max] = streamLength(path);
    const length = isMany ? random.integer(min, max) : 1;
    for (let index = 0; index < length; index++) {
      yield fakeAnswer(method, { schema, seed, request, index });
    }
  }

  /** What happens to the next call of the method. */
  #chance(method: DescMethod): Chance {
    const path = `/${method.parent.typeName}/${method.name}`;
    const ordinal = this.#calls.get(path) ?? 0;
    this.#calls.set(path, ordinal + 1);
    const random = new SeededRandom(this.#settings.seed, 'chance', path, ordinal);
    const fails = random.chance(this.#settings.failShare(path));
    // A stream breaks anywhere in its first messages.
    const failsAt = answersStream(method) ? random.integer(0, 2) : 0;
    return { random, isFirst: true, failsAt: fails ? failsAt : undefined };
  }

  #fault(context: CallContext): RpcError {
    const note = context.value(callNote);
    if (note !== undefined) note.text = 'injected';
    const code = this.#settings.failCode(context.method.path);
    return new RpcError(code, 'a fault that the mock was told to have');
  }
}

interface Chance {
  readonly random: SeededRandom;
  /** Of the requests of a stream. */
  readonly isFirst: boolean;
  /** Before which response the call fails; undefined for one that does not. */
  readonly failsAt: number | undefined;
}

function isFor({ request }: Example, json: JsonValue): boolean {
  return request === undefined || matches(request, json);
}

/** A request that JSON cannot have, such as an Any of an unknown type, matches no pattern. */
function jsonOf(method: DescMethod, request: object, schema: Schema): JsonValue {
  try {
    return requestJson(method.input, request, schema);
  } catch {
    return {};
  }
}

function within({ minMs, maxMs }: Span, random: SeededRandom): number {
  return minMs + random.next() * (maxMs - minMs);
}

/** @throws the reason of the signal. */
async function sleep(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  if (ms <= 0) return;
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = clock.schedule(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
