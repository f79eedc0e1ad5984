import {
  anthropicMessagesDialect,
  countTokensResponse,
  decodeCountTokensRequest as decodeAnthropic,
  encodeCountTokensRequest as encodeAnthropic,
  readCountedTokens,
} from '../../dialects/anthropic-messages/index.ts';
import { inCallersWords } from '../../dialects/callers-words.ts';
import type {
  Dialect,
  EncodedRequest,
  EncodeRequestContext,
  JsonObject,
} from '../../dialects/dialect.ts';
import {
  decodeCountTokensResponse,
  decodeCountTokensRequest as decodeGemini,
  encodeCountTokensResponse,
  encodeCountTokensRequest as encodeGemini,
  geminiDialect,
} from '../../dialects/gemini/index.ts';
import { textOfRequest } from '../../governance/estimate-usage.ts';
import type { ChatRequest } from '../../neutral/chat-request.ts';
import type { DialectName } from '../../neutral/dialect-name.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { tryCandidates } from '../../routing/try-candidates.ts';
import { type Attempt, answerHeaders, attempt, readWhole, send } from '../attempt.ts';
import { allowedCandidates } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { guardRequest } from '../guarded.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import { inOrder, takeSequential } from '../sequential-routing.ts';
import type { Services } from '../services.ts';
import { modelOf } from './chat.ts';

/** How one dialect asks a provider to count, and reads its answer. */
interface CountingShape {
  dialect: Dialect;
  encode(request: ChatRequest, context: EncodeRequestContext): EncodedRequest;
  decode(body: unknown): number | undefined;
}

const shapes: readonly CountingShape[] = [
  { dialect: anthropicMessagesDialect, encode: encodeAnthropic, decode: readCountedTokens },
  { dialect: geminiDialect, encode: encodeGemini, decode: decodeCountTokensResponse },
];

/** `POST /v1/messages/count_tokens` */
export async function countMessageTokens(
  services: Services,
  exchange: Exchange,
): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  const model = modelOf(body);
  const asked = {
    text,
    body,
    model,
    decode: () => decodeAnthropic(body),
    callerDialect: 'anthropic-messages',
  } as const;
  const { tokens, headers } = await count(services, exchange, asked);
  return jsonResponse(exchange, countTokensResponse(tokens), { headers });
}

/** `POST /v1beta/models/{model}:countTokens` */
export async function countContentTokens(
  services: Services,
  exchange: Exchange,
  model: string,
): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  const decode = () => decodeGemini(body, { model });
  const asked = { text, body, model, decode, callerDialect: 'gemini' } as const;
  const { tokens, headers } = await count(services, exchange, asked);
  return jsonResponse(exchange, encodeCountTokensResponse(tokens), { headers });
}

interface Counting {
  text: string;
  body: JsonObject;
  model: string;
  decode(): ChatRequest;
  callerDialect: DialectName;
}

interface Counted {
  tokens: number;
  headers: Record<string, string>;
}

/** Asks the provider to count where it can; else counts here, and says so in a header. */
async function count(services: Services, exchange: Exchange, asked: Counting): Promise<Counted> {
  const { callerDialect, model } = asked;
  exchange.requestedModel = model;
  const routing = takeSequential(exchange, asked, 'counts');
  const found = allowedCandidates(exchange, { model }, await services.catalog.resolve(model));
  const allowed = services.guardrails
    ? await guardRequest(services, exchange, asked, found)
    : found;
  const candidates = await inOrder(services, exchange, model, routing, allowed);
  const request = asked.decode();
  return tryCandidates(candidates, exchange.request.signal, async (candidate, number) => {
    const { provider } = candidate;
    const spoken = provider.dialectsOf?.(candidate.model) ?? provider.dialects;
    const shape = shapes.find(
      ({ dialect }) =>
        spoken.includes(dialect.name) && provider.supports('count-tokens', dialect.name),
    );
    if (!shape) return estimated(services, exchange, request);
    const options = {
      candidate,
      requestedModel: model,
      operation: 'count-tokens',
      callerDialect,
      providerDialect: shape.dialect.name,
      streamed: false,
      attempt: number,
    } as const;
    return attempt(services, exchange, options, '', (step) =>
      askProvider(step, shape, candidate, request),
    );
  });
}

async function askProvider(
  step: Attempt,
  { dialect, encode, decode }: CountingShape,
  { provider, model }: Candidate,
  request: ChatRequest,
): Promise<Counted> {
  const { body, notes } = inCallersWords(request.extensions.dialect, undefined, () =>
    encode(request, { model, quirks: provider.quirks }),
  );
  const operation = { kind: 'count-tokens', dialect: dialect.name, model, stream: false } as const;
  const response = await send(step, operation, JSON.stringify(body), dialect);
  const { answer } = await readWhole(step, response);
  const tokens = decode(answer);
  // Counting is free: the row says that it happened.
  step.record.usageKnown = true;
  step.running[Symbol.dispose]();
  step.record.end('ok');
  if (tokens === undefined) return estimated(step.services, step.exchange, request);
  return { tokens, headers: answerHeaders(step, notes) };
}

async function estimated(
  services: Services,
  exchange: Exchange,
  request: ChatRequest,
): Promise<Counted> {
  const input = textOfRequest(request);
  const { input: tokens } = await services.estimateUsage(() => ({
    input,
    output: '',
    outputShare: 1,
  }));
  return {
    tokens,
    headers: { 'x-request-id': exchange.requestId, 'x-zeke-estimated': 'true' },
  };
}
