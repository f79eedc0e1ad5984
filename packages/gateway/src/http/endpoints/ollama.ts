import { decodeGenerateRequest, untranslatable } from '../../dialects/ollama/decode-generate.ts';
import {
  decodeEmbeddingsRequest,
  decodeEmbedRequest,
  encodeEmbeddingsResponse,
  encodeEmbedResponse,
} from '../../dialects/ollama/embed.ts';
import {
  createGenerateEventEncoder,
  encodeGenerateResponse,
} from '../../dialects/ollama/generate.ts';
import { ollamaDialect } from '../../dialects/ollama/index.ts';
import { loadAnswer } from '../../dialects/ollama/load.ts';
import {
  encodeRunning,
  encodeShow,
  encodeTags,
  encodeVersion,
} from '../../dialects/ollama/models.ts';
import { chatOfCompletion } from '../../dialects/openai-chat/completion-as-chat.ts';
import { apiError, unfitting } from '../../neutral/api-error.ts';
import type { ListedModel } from '../../routing/model-catalog.ts';
import { answerChat } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { modelOf, readCall } from './chat.ts';
import { completionVia } from './completions.ts';
import { answerEmbeddings } from './embeddings.ts';
import { findModel, usableModels } from './models.ts';

/** `POST /api/chat`, which streams unless told otherwise. */
export async function chat(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, ollamaDialect, true);
  const loaded = loadAnswer(call.body, 'chat', exchange.atMs);
  return loaded ? jsonResponse(exchange, loaded) : answerChat(services, exchange, call);
}

/** `POST /api/generate`: a chat with one message, or with `suffix` a gap to fill. */
export async function generate(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, ollamaDialect, true);
  const loaded = loadAnswer(call.body, 'generate', exchange.atMs);
  if (loaded) return jsonResponse(exchange, loaded);
  const decoded = decodeGenerateRequest(call.body);
  call.createEncoder = createGenerateEventEncoder;
  call.encodeWhole = encodeGenerateResponse;
  call.mayPassThrough = false;
  call.via = (provider) => {
    if (provider.dialects.includes('ollama')) {
      return { kind: 'completions', target: ollamaDialect, passes: true };
    }
    const fault = untranslatable(decoded.request);
    if (fault) throw unfitting(fault);
    return decoded.kind === 'completion'
      ? completionVia(provider, call.body, () => decoded.request)
      : undefined;
  };
  call.decode = () => {
    if (decoded.kind === 'chat') return decoded.request;
    const asChat = chatOfCompletion(decoded.request);
    call.notes = asChat.notes;
    return asChat.request;
  };
  return answerChat(services, exchange, call);
}

/** `POST /api/embed` */
export async function embed(services: Services, exchange: Exchange): Promise<Response> {
  const { text, body, model } = await read(services, exchange);
  return answerEmbeddings(services, exchange, {
    dialect: 'ollama',
    model,
    text,
    body,
    decode: () => decodeEmbedRequest(body),
    encode: (response) => encodeEmbedResponse(response, { model, createdAtMs: exchange.atMs }),
  });
}

/** `POST /api/embeddings`, the older form. */
export async function embeddings(services: Services, exchange: Exchange): Promise<Response> {
  const { text, body, model } = await read(services, exchange);
  return answerEmbeddings(services, exchange, {
    dialect: 'ollama',
    model,
    text,
    body,
    decode: () => decodeEmbeddingsRequest(body),
    encode: encodeEmbeddingsResponse,
  });
}

/** `GET /api/tags` */
export async function tags(services: Services, exchange: Exchange): Promise<Response> {
  return jsonResponse(exchange, encodeTags((await usableModels(services, exchange)).map(named)));
}

/** `GET /api/ps` */
export async function running(services: Services, exchange: Exchange): Promise<Response> {
  const models = (await usableModels(services, exchange)).map(named);
  return jsonResponse(exchange, encodeRunning(models, services.now()));
}

/** `POST /api/show` */
export async function show(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const id = body.model ?? body.name;
  if (typeof id !== 'string' || id === '') {
    throw apiError('invalid_argument', 'model is missing: name one of GET /api/tags', {
      param: 'model',
    });
  }
  return jsonResponse(exchange, encodeShow(named(await findModel(services, exchange, id))));
}

/** `GET /api/version` */
export function version(_services: Services, exchange: Exchange): Response {
  return jsonResponse(exchange, encodeVersion());
}

async function read(services: Services, exchange: Exchange) {
  const text = await readBody(exchange, services);
  const body = parseJsonObject(text);
  return { text, body, model: modelOf(body) };
}

function named(model: ListedModel): ListedModel {
  return { ...model, id: model.name };
}
