import { anthropicMessagesDialect } from '../../dialects/anthropic-messages/index.ts';
import type { Dialect, JsonObject } from '../../dialects/dialect.ts';
import { geminiDialect } from '../../dialects/gemini/index.ts';
import { openAiChatDialect } from '../../dialects/openai-chat/index.ts';
import { apiError } from '../../neutral/api-error.ts';
import { answerChat, type ChatCall } from '../chat-endpoint.ts';
import { type Exchange, headersOf } from '../exchange.ts';
import { jsonArrayOf } from '../json-array-stream.ts';
import { refuseTwoModels } from '../one-model.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';

/** `POST /v1/chat/completions` */
export async function chatCompletions(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, openAiChatDialect, false);
  return answerChat(services, exchange, call);
}

/** `POST /v1/messages` */
export async function messages(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, anthropicMessagesDialect, false);
  call.forwardHeaders = headersOf(exchange.request.headers, [
    'anthropic-beta',
    'anthropic-version',
  ]);
  return answerChat(services, exchange, call);
}

/**
 * `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`, the stream without
 * `alt=sse` as one JSON array.
 */
export async function generateContent(
  services: Services,
  exchange: Exchange,
  target: { model: string; stream: boolean },
): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  const answer = await answerChat(services, exchange, {
    dialect: geminiDialect,
    text,
    body,
    ...target,
    modelInBody: false,
    mayPassThrough: true,
    decode: () => geminiDialect.decodeRequest(body, target),
  });
  const asArray = target.stream && new URLSearchParams(exchange.query).get('alt') !== 'sse';
  if (!asArray || !answer.body) return answer;
  const { headers } = answer;
  headers.set('content-type', 'application/json; charset=UTF-8');
  return new Response(jsonArrayOf(answer.body), { headers });
}

/** Reads what every JSON endpoint with the model in its body has in common. */
export async function readCall(
  services: Services,
  exchange: Exchange,
  dialect: Dialect,
  streamsByDefault: boolean,
): Promise<ChatCall> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  refuseTwoModels(text, body);
  const beta = exchange.request.headers.get('openai-beta');
  return {
    dialect,
    text,
    body,
    model: modelOf(body),
    stream: streamOf(body, streamsByDefault),
    modelInBody: true,
    mayPassThrough: true,
    decode: () => dialect.decodeRequest(body, {}),
    ...(beta === null ? undefined : { forwardHeaders: { 'openai-beta': beta } }),
  };
}

/** The model that a body names. Throws `invalid_argument` where there is none. */
export function modelOf(body: JsonObject): string {
  const { model } = body;
  if (typeof model === 'string' && model !== '') return model;
  throw apiError(
    'invalid_argument',
    model === undefined
      ? 'model is missing: name one of GET /v1/models, or auto'
      : 'model must be text that is not empty',
    { param: 'model' },
  );
}

/** Whether a body asks for a stream. Throws `invalid_argument` for what is not a truth value. */
function streamOf(body: JsonObject, byDefault: boolean): boolean {
  const { stream } = body;
  if (stream === undefined || stream === null) return byDefault;
  if (typeof stream === 'boolean') return stream;
  throw apiError('invalid_argument', 'stream must be true or false', { param: 'stream' });
}
