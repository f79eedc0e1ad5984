import type {
  FillEvent,
  FillRequest,
  ModelClient,
  ModelEvent,
  ModelInfo,
  ModelRequest,
} from '@zeke/assistant';
import { RpcError } from '@zeke/rpc';
import { readEvents } from '@zeke/rpc/streams';
import { gatewayFailure } from '../gateway-failure.ts';
import { chatBody } from './chat-body.ts';
import { ChatEvents, type Chunk, named, type UsageRecord, usageOf } from './chat-events.ts';

export interface GatewayModelClientOptions {
  /** Sends a request to the gateway's HTTP API, in this process or at another address. */
  readonly send: (path: string, init: RequestInit) => Promise<Response>;
  /** `Bearer …`; undefined where no key is needed. */
  readonly authorization?: string | undefined;
}

/** The longest event of a stream, in characters: an image in base64 is one. */
const maxEventLength = 64 * 1024 * 1024;

/** Asks models through the gateway: with its keys, routing, rules, budgets and ledger. */
export class GatewayModelClient implements ModelClient {
  readonly #options: GatewayModelClientOptions;

  constructor(options: GatewayModelClientOptions) {
    this.#options = options;
  }

  async *generate(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const { intent, project, sessionId } = request;
    const headers = { 'x-intent': intent, 'x-project': project, 'x-session-id': sessionId };
    const response = await this.#post(
      '/v1/chat/completions',
      chatBody(request),
      headers,
      signal,
    ).catch((error: unknown) => {
      if (isTooLong(error)) return undefined;
      throw error;
    });
    if (response === undefined) {
      yield { type: 'finish', reason: 'context-length', usage: {} };
      return;
    }
    const events = new ChatEvents(response.headers.get('x-zeke-provider') ?? undefined);
    for await (const chunk of chunksOf<Chunk>(response, signal, () => events.isFinished)) {
      yield* events.read(chunk);
    }
    yield events.finish();
  }

  async *fill(request: FillRequest, signal: AbortSignal): AsyncGenerator<FillEvent> {
    const { maxOutputTokens, model, prefix, project, stop, suffix, temperature } = request;
    const body = {
      model,
      prompt: prefix,
      suffix,
      max_tokens: maxOutputTokens,
      stream: true,
      stream_options: { include_usage: true },
      ...(stop === undefined || stop.length === 0 ? {} : { stop }),
      ...(temperature === undefined ? {} : { temperature }),
    };
    const response = await this.#post('/v1/completions', body, { 'x-project': project }, signal);
    const provider = response.headers.get('x-zeke-provider') ?? undefined;
    let usage = {};
    let answeredBy: string | undefined;
    let isFinished = false;
    for await (const chunk of chunksOf<FillChunk>(response, signal, () => isFinished)) {
      const [choice] = chunk.choices ?? [];
      answeredBy = chunk.model ?? answeredBy;
      if (chunk.usage) usage = usageOf(chunk.usage);
      if (choice?.text) yield { type: 'text', text: choice.text };
      if (choice?.finish_reason) isFinished = true;
    }
    const by = answeredBy === undefined ? {} : { model: named(provider, answeredBy) };
    yield { type: 'finish', usage, ...by };
  }

  async models(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const response = await this.#send('/v1/models', { signal });
    const { data } = (await response.json()) as { data: readonly ListedModel[] };
    return data.map(({ abilities, context_length, id, max_output_tokens }) => ({
      id,
      canFill: abilities?.includes('insert') ?? false,
      ...(context_length === undefined ? {} : { contextWindow: context_length }),
      ...(max_output_tokens === undefined ? {} : { maxOutputTokens: max_output_tokens }),
    }));
  }

  #post(
    path: string,
    body: object,
    told: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const headers = new Headers({ 'content-type': 'application/json' });
    for (const [name, value] of Object.entries(told)) {
      if (value !== undefined) headers.set(name, value);
    }
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body), signal });
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const { authorization, send } = this.#options;
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set('authorization', authorization);
    let response: Response;
    try {
      response = await send(path, { ...init, headers });
    } catch (cause) {
      throw lost(cause, init.signal ?? undefined);
    }
    if (response.ok) return response;
    const { error, reason } = await gatewayFailure(response);
    if (error.message.startsWith(withoutProvider)) throw withHint(error);
    throw reason === 'context_length_exceeded' ? tooLong(error) : error;
  }
}

/** What of a chunk of `/v1/completions` is read. */
interface FillChunk {
  readonly model?: string;
  readonly choices?: readonly { readonly text?: string; readonly finish_reason?: string | null }[];
  readonly usage?: UsageRecord | null;
}

/** What of `/v1/models` is read. */
interface ListedModel {
  readonly id: string;
  readonly context_length?: number;
  readonly max_output_tokens?: number;
  readonly abilities?: readonly string[];
}

/** The last chunk of a stream that fails. */
interface Broken {
  readonly error: { readonly message?: string };
}

/** The chunks of a stream. Throws what it ends with, and `unavailable` when it breaks off unfinished. */
async function* chunksOf<Told extends object>(
  { body }: Response,
  signal: AbortSignal,
  isFinished: () => boolean,
): AsyncGenerator<Told> {
  try {
    for await (const { data } of readEvents(body ?? new ReadableStream(), maxEventLength)) {
      if (data === '[DONE]') return;
      const chunk: Told | Broken = JSON.parse(data);
      if ('error' in chunk) {
        const message = chunk.error.message ?? 'the answer broke off';
        throw new RpcError('unavailable', message, { retryable: true });
      }
      yield chunk;
    }
  } catch (cause) {
    throw cause instanceof RpcError ? cause : lost(cause, signal);
  }
  if (signal.aborted) throw lost(signal.reason, signal);
  if (!isFinished()) throw lost(undefined, signal);
}

function lost(cause: unknown, signal: AbortSignal | undefined): RpcError {
  if (signal?.aborted) return new RpcError('canceled', 'canceled', { cause });
  const message = 'the gateway broke off within its answer, or cannot be reached';
  return new RpcError('unavailable', message, { cause, retryable: true });
}

/** How the gateway's refusal begins while it has no provider. */
const withoutProvider = 'no provider is configured';

/** Variables are those that the daemon was started with. */
function withHint({ code, message }: RpcError): RpcError {
  return new RpcError(code, `${message}; then run zeke daemon restart`, { retryable: false });
}

const tooLongType = 'zeke.assistant.TooLong';

function tooLong({ code, message }: RpcError): RpcError {
  return new RpcError(code, message, { details: [{ type: tooLongType, value: true }] });
}

function isTooLong(error: unknown): boolean {
  return error instanceof RpcError && error.detail(tooLongType) === true;
}
