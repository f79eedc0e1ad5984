import {
  decodeBatchEmbedContents,
  decodeEmbedContent,
  encodeBatchEmbedResponse,
  encodeEmbedResponse,
  parseGeminiPath,
} from '../../dialects/gemini/index.ts';
import { apiError } from '../../neutral/api-error.ts';
import type { Exchange } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { generateContent } from './chat.ts';
import { countContentTokens } from './count-tokens.ts';
import { answerEmbeddings } from './embeddings.ts';

/** `POST /v1beta/models/{model}:{method}` */
export async function geminiMethod(services: Services, exchange: Exchange): Promise<Response> {
  const { model, method } = parseGeminiPath(exchange.path) ?? {};
  if (model === undefined) throw unknownMethod(exchange.path);
  switch (method) {
    case 'generateContent':
      return generateContent(services, exchange, { model, stream: false });
    case 'streamGenerateContent':
      return generateContent(services, exchange, { model, stream: true });
    case 'countTokens':
      return countContentTokens(services, exchange, model);
    case 'embedContent':
      return embed(services, exchange, model, false);
    case 'batchEmbedContents':
      return embed(services, exchange, model, true);
    case 'predict':
    case undefined:
      throw unknownMethod(exchange.path);
  }
}

async function embed(
  services: Services,
  exchange: Exchange,
  model: string,
  isBatch: boolean,
): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  return answerEmbeddings(services, exchange, {
    dialect: 'gemini',
    model,
    text,
    body,
    decode: () =>
      isBatch ? decodeBatchEmbedContents(body, model) : decodeEmbedContent(body, model),
    encode: isBatch ? encodeBatchEmbedResponse : encodeEmbedResponse,
  });
}

function unknownMethod(path: string) {
  return apiError(
    'not_found',
    `there is no ${path.slice(0, 200)}: known are generateContent, streamGenerateContent, countTokens, embedContent and batchEmbedContents`,
  );
}
