import {
  decodeEmbeddingRequest,
  encodeEmbeddingResponse,
} from '../../dialects/openai-chat/embeddings.ts';
import type { Exchange } from '../exchange.ts';
import { refuseTwoModels } from '../one-model.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { modelOf } from './chat.ts';
import { answerEmbeddings } from './embeddings.ts';

/** `POST /v1/embeddings` */
export async function openAiEmbeddings(services: Services, exchange: Exchange): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  refuseTwoModels(text, body);
  const model = modelOf(body);
  return answerEmbeddings(services, exchange, {
    dialect: 'openai-chat',
    model,
    text,
    body,
    decode: () => decodeEmbeddingRequest(body),
    encode: (response, { encoding }) =>
      encodeEmbeddingResponse(response, { model, ...(encoding ? { encoding } : {}) }),
  });
}
