import {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatCompletionResponse,
  GetProviderStatusResponse,
  HealthCheckResponse,
  ListModelsResponse,
  type OmenServiceHandlers,
} from '@zeke/protocol';
import { type CallContext, type MessageInit, type MessageType, RpcError } from '@zeke/rpc';
import { readEvents } from '@zeke/rpc/streams';
import { gatewayFailure } from '../gateway-failure.ts';
import { version } from '../version.ts';
import { callGateway, type GatewayHandler } from './gateway-call.ts';

/** Headers of the gateway's answers that callers get as metadata: with the end of a call that is refused. */
const passedBack = /^(?:x-zeke-|x-ratelimit-|x-request-id$|x-should-retry$|retry-after$|age$)/;

/**
 * `omen.v1.OmenService` in front of the gateway: each call is a request to its OpenAI endpoints, with
 * the same keys, routing, rules and ledger. The messages have the names of that API, so that their
 * JSON is the body; metadata has the names of its headers.
 */
export function omenService(handle: GatewayHandler): OmenServiceHandlers {
  const ask = (path: string, context: CallContext, body?: object) =>
    send(handle, path, context, body);
  return {
    async chatCompletion(request, context) {
      const response = await ask('/v1/chat/completions', context, bodyOf(request, false));
      return messageOf(ChatCompletionResponse, await response.json());
    },
    async *streamChatCompletion(request, context) {
      const response = await ask('/v1/chat/completions', context, bodyOf(request, true));
      for await (const { data } of readEvents(response.body ?? new ReadableStream())) {
        if (data === '[DONE]') return;
        yield chunkOf(data);
      }
    },
    async listModels(_request, context) {
      return messageOf(ListModelsResponse, await (await ask('/v1/models', context)).json());
    },
    async healthCheck(_request, context) {
      const health = messageOf(HealthCheckResponse, await (await ask('/health', context)).json());
      return { ...health, version };
    },
    async getProviderStatus({ provider }, context) {
      const response = await ask('/status', context);
      const { providers } = messageOf(GetProviderStatusResponse, await response.json());
      const chosen = providers.filter(({ name }) => provider === '' || name === provider);
      if (provider === '' || chosen.length > 0) return { providers: chosen };
      const names = providers.map(({ name }) => name).join(', ');
      throw new RpcError(
        'not_found',
        `provider: there is no ${JSON.stringify(provider)}, but ${names}`,
      );
    },
  };
}

function bodyOf(request: ChatCompletionRequest, stream: boolean): object {
  const { extra = {}, ...body } = ChatCompletionRequest.toJson(request, {
    useProtoFieldName: true,
  }) as { extra?: object };
  return {
    ...extra,
    ...body,
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
  };
}

async function send(
  handle: GatewayHandler,
  path: string,
  context: CallContext,
  body: object | undefined,
): Promise<Response> {
  const response = await callGateway(handle, path, context, body);
  const told = [...response.headers].filter(([name]) => passedBack.test(name));
  if (response.ok) {
    context.sendHeader(Object.fromEntries(told));
    return response;
  }
  for (const [name, value] of told) context.trailer.set(name, value);
  throw (await gatewayFailure(response)).error;
}

function chunkOf(data: string): MessageInit<ChatCompletionChunk> {
  const json: unknown = JSON.parse(data);
  const { error } = json as { error?: { message?: string } };
  if (error !== undefined)
    throw new RpcError('unavailable', error.message ?? 'the answer broke off');
  return messageOf(ChatCompletionChunk, json);
}

/** What the API says beyond our message is left out. */
function messageOf<T extends object>(type: MessageType<T>, json: unknown): T {
  return type.fromJson(json as never, { ignoreUnknownFields: true });
}
