import type { HttpHeaders } from '@zeke/foundation/http-client';
import { decodeEmbeddings, encodeEmbeddings } from '../../dialects/bedrock-converse/embeddings.ts';
import { inCallersWords } from '../../dialects/callers-words.ts';
import type { JsonObject, TranslationNote } from '../../dialects/dialect.ts';
import {
  decodeEmbedResponse,
  decodePredictResponse,
  encodeBatchEmbedContents,
  encodeEmbedContent,
  encodePredict,
} from '../../dialects/gemini/index.ts';
import { dialects } from '../../dialects/index.ts';
import {
  decodeEmbedResponse as decodeOllama,
  encodeEmbedRequest as encodeOllama,
} from '../../dialects/ollama/embed.ts';
import {
  decodeEmbeddingResponse,
  encodeEmbeddingRequest,
} from '../../dialects/openai-chat/embeddings.ts';
import { apiError } from '../../neutral/api-error.ts';
import type { DialectName } from '../../neutral/dialect-name.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { Provider } from '../../providers/provider.ts';
import { predictsOnly } from '../../providers/vertex-models.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { tryCandidates } from '../../routing/try-candidates.ts';
import {
  type Attempt,
  answerHeaders,
  attempt,
  fitted,
  readWhole,
  send,
  settleWhole,
} from '../attempt.ts';
import { allowedCandidates } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { guardRequest } from '../guarded.ts';
import { passedBody } from '../outgoing-body.ts';
import { inOrder, takeSequential } from '../sequential-routing.ts';
import type { Services } from '../services.ts';

/** A request for vectors, as far as its endpoint has read it. */
export interface EmbeddingCall {
  dialect: DialectName;
  model: string;
  text: string;
  body: JsonObject;
  decode(): EmbeddingRequest;
  /** The answer in the caller's shape. */
  encode(response: EmbeddingResponse, request: EmbeddingRequest): JsonObject;
}

/** How one dialect asks for vectors: one body, or several whose answers belong together. */
interface EmbeddingShape {
  encode(
    request: EmbeddingRequest,
    model: string,
    provider: Provider,
  ): { bodies: JsonObject[]; notes: TranslationNote[] };
  decode(answers: { body: unknown; headers: HttpHeaders }[], model: string): EmbeddingResponse;
}

const openAiShape: EmbeddingShape = {
  encode: (request, model, { quirks, wireModel }) => {
    const { body, notes } = encodeEmbeddingRequest(
      { ...request, encoding: 'float' },
      { model: wireModel?.(model) ?? model, quirks },
    );
    return { bodies: [body], notes };
  },
  decode: ([first]) => decodeEmbeddingResponse(first?.body),
};

const geminiShape: EmbeddingShape = {
  encode: (request, model) => {
    const { body, notes } = encodeBatchEmbedContents(request, model);
    return { bodies: [body], notes };
  },
  decode: ([first], model) => decodeEmbedResponse(first?.body, model),
};

/** Vertex AI's Gemini models take one text a call, the newer of them by `:embedContent` only. */
const vertexShape: EmbeddingShape = {
  encode: (request, model) => {
    const groups = model.includes('gemini-embedding')
      ? request.inputs.map((input) => [input])
      : [request.inputs];
    const encode = predictsOnly(model) ? encodePredict : encodeEmbedContent;
    const encoded = groups.map((inputs) => encode({ ...request, inputs }));
    return { bodies: encoded.map(({ body }) => body), notes: encoded[0]?.notes ?? [] };
  },
  decode: (answers, model) => {
    const decode = predictsOnly(model) ? decodePredictResponse : decodeEmbedResponse;
    const responses = answers.map(({ body }) => decode(body, model));
    const input = responses.reduce((sum, { usage }) => sum + (usage?.input ?? 0), 0);
    return {
      model,
      vectors: responses.flatMap(({ vectors }) => vectors),
      ...(input > 0 ? { usage: { input, output: 0 } } : {}),
    };
  },
};

const ollamaShape: EmbeddingShape = {
  encode: (request, model, { quirks }) => {
    const { body, notes } = encodeOllama(request, { model, quirks });
    return { bodies: [body], notes };
  },
  decode: ([first]) => decodeOllama(first?.body),
};

const bedrockShape: EmbeddingShape = { encode: encodeEmbeddings, decode: decodeEmbeddings };

const shapes: Partial<Record<DialectName, EmbeddingShape>> = {
  'openai-chat': openAiShape,
  gemini: geminiShape,
  ollama: ollamaShape,
  'bedrock-converse': bedrockShape,
};

/** Answers a request for vectors, from any provider that makes them. */
export async function answerEmbeddings(
  services: Services,
  exchange: Exchange,
  call: EmbeddingCall,
): Promise<Response> {
  exchange.requestedModel = call.model;
  const routing = takeSequential(exchange, call, 'vectors');
  const found = allowedCandidates(exchange, call, await services.catalog.resolve(call.model));
  const allowed = services.guardrails ? await guardRequest(services, exchange, call, found) : found;
  const candidates = await inOrder(services, exchange, call.model, routing, allowed);
  return tryCandidates(candidates, exchange.request.signal, (candidate, number) => {
    const dialect = dialectOf(call, candidate.provider);
    const options = {
      candidate,
      requestedModel: call.model,
      operation: 'embeddings',
      callerDialect: call.dialect,
      providerDialect: dialect,
      streamed: false,
      attempt: number,
      asks: call.body,
    } as const;
    return attempt(services, exchange, options, call.text, (step) =>
      dialect === 'openai-chat' && call.dialect === dialect
        ? passed(step, call, candidate)
        : translated(step, call, candidate, dialect),
    );
  });
}

function dialectOf(call: EmbeddingCall, provider: Provider): DialectName {
  const names = [call.dialect, ...provider.dialects, 'openai-chat', 'ollama'] as const;
  const found = names.find((name) => shapes[name] && provider.supports('embeddings', name));
  if (found) return found;
  throw apiError('invalid_argument', `${provider.name} has no models that make vectors`, {
    param: 'model',
    reason: 'model_not_found',
    unfitting: true,
  });
}

async function passed(step: Attempt, call: EmbeddingCall, candidate: Candidate): Promise<Response> {
  const dialect = dialects['openai-chat'];
  const request = { text: call.text, body: call.body, stream: false, modelInBody: true };
  const { body } = passedBody(request, candidate, dialect);
  const operation = {
    kind: 'embeddings',
    dialect: dialect.name,
    model: candidate.model,
    stream: false,
  } as const;
  const { bytes, answer } = await readWhole(step, await send(step, operation, body, dialect));
  const usage = dialect.readUsage(answer);
  if (usage) {
    step.record.usage = usage;
    step.record.usageKnown = true;
  }
  const priced = settleWhole(step, '');
  if (priced instanceof Promise) await priced;
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': 'application/json', ...answerHeaders(step, []) },
  });
}

async function translated(
  step: Attempt,
  call: EmbeddingCall,
  { provider, model }: Candidate,
  dialect: DialectName,
): Promise<Response> {
  const isVertex = dialect === 'gemini' && provider.quirks.vertex === true;
  const shape = isVertex ? vertexShape : (shapes[dialect] ?? openAiShape);
  const request = call.decode();
  const { bodies, notes } = fitted(() =>
    inCallersWords(call.dialect, call.body, () => shape.encode(request, model, provider)),
  );
  const operation = { kind: 'embeddings', dialect, model, stream: false } as const;
  const answers: { body: unknown; headers: HttpHeaders }[] = [];
  for (const body of bodies) {
    const response = await send(step, operation, JSON.stringify(body), dialects[dialect]);
    const { answer } = await readWhole(step, response);
    answers.push({ body: answer, headers: response.headers });
  }
  const response = shape.decode(answers, model);
  if (response.usage) {
    step.record.usage = response.usage;
    step.record.usageKnown = true;
  }
  const priced = settleWhole(step, '');
  if (priced instanceof Promise) await priced;
  return jsonResponse(step.exchange, call.encode({ ...response, model: call.model }, request), {
    headers: answerHeaders(step, notes),
  });
}
