import type { HttpHeaders } from '@zeke/foundation/http-client';
import { decodeEmbeddings, encodeEmbeddings } from '../dialects/bedrock-converse/embeddings.ts';
import type { JsonObject, TranslationNote } from '../dialects/dialect.ts';
import {
  decodeEmbedResponse,
  decodePredictResponse,
  encodeBatchEmbedContents,
  encodeEmbedContent,
  encodePredict,
} from '../dialects/gemini/index.ts';
import { dialects } from '../dialects/index.ts';
import {
  decodeEmbedResponse as decodeOllama,
  encodeEmbedRequest as encodeOllama,
} from '../dialects/ollama/embed.ts';
import {
  decodeEmbeddingResponse,
  encodeEmbeddingRequest,
} from '../dialects/openai-chat/embeddings.ts';
import { apiError } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../neutral/embedding.ts';
import type { Provider } from '../providers/provider.ts';
import { predictsOnly } from '../providers/vertex-models.ts';
import { type Attempt, fitted, readWhole, send, settleWhole } from './attempt.ts';

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

/** In which dialect a provider is asked for vectors. Throws `invalid_argument` where it makes none. */
export function embeddingDialect(callers: DialectName, provider: Provider): DialectName {
  const names = [callers, ...provider.dialects, 'openai-chat', 'ollama'] as const;
  const found = names.find((name) => shapes[name] && provider.supports('embeddings', name));
  if (found) return found;
  throw apiError('invalid_argument', `${provider.name} has no models that make vectors`, {
    param: 'model',
    reason: 'model_not_found',
    unfitting: true,
  });
}

/** Asks the attempt's provider for vectors, and ends the attempt. */
export async function askForVectors(
  step: Attempt,
  request: EmbeddingRequest,
  dialect: DialectName,
): Promise<EmbeddingResponse> {
  const { response } = await vectorsOf(step, request, dialect, (encode) => encode());
  return response;
}

type Encoded = ReturnType<EmbeddingShape['encode']>;

/** The same, with what had to be left out; `inWords` tells refusals in the caller's own. */
export async function vectorsOf(
  step: Attempt,
  request: EmbeddingRequest,
  dialect: DialectName,
  inWords: (encode: () => Encoded) => Encoded,
): Promise<{ response: EmbeddingResponse; notes: TranslationNote[] }> {
  const { model, provider } = step.record.options.candidate;
  const isVertex = dialect === 'gemini' && provider.quirks.vertex === true;
  const shape = isVertex ? vertexShape : (shapes[dialect] ?? openAiShape);
  const { bodies, notes } = fitted(() => inWords(() => shape.encode(request, model, provider)));
  const operation = { kind: 'embeddings', dialect, model, stream: false } as const;
  const answers: { body: unknown; headers: HttpHeaders }[] = [];
  for (const body of bodies) {
    const answered = await send(step, operation, JSON.stringify(body), dialects[dialect]);
    const { answer } = await readWhole(step, answered);
    answers.push({ body: answer, headers: answered.headers });
  }
  const response = shape.decode(answers, model);
  if (response.usage) {
    step.record.usage = response.usage;
    step.record.usageKnown = true;
  }
  const priced = settleWhole(step, '');
  if (priced instanceof Promise) await priced;
  return { response, notes };
}
