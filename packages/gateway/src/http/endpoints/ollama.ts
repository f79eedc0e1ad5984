import { RpcError } from '@zeke/rpc';
import type { JsonObject } from '../../dialects/dialect.ts';
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
  decodeRunning,
  encodeRunning,
  encodeShow,
  encodeTags,
  encodeVersion,
} from '../../dialects/ollama/models.ts';
import { chatOfCompletion } from '../../dialects/openai-chat/completion-as-chat.ts';
import { isModelAllowed } from '../../governance/authenticate.ts';
import { apiError, unfitting } from '../../neutral/api-error.ts';
import { getJson } from '../../providers/get-json.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Candidate, ListedModel } from '../../routing/model-catalog.ts';
import { tryCandidates } from '../../routing/try-candidates.ts';
import { allowedCandidates, answerChat } from '../chat-endpoint.ts';
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
  const { text } = call;
  const asCame = decodeGenerateRequest(call.body);
  // What rules have changed is read again.
  const decoded = () => (call.text === text ? asCame : decodeGenerateRequest(call.body));
  call.createEncoder = createGenerateEventEncoder;
  call.encodeWhole = encodeGenerateResponse;
  call.mayPassThrough = false;
  call.via = (provider) => {
    if (provider.dialects.includes('ollama')) {
      return { kind: 'completions', target: ollamaDialect, passes: true };
    }
    const { kind, request } = decoded();
    const fault = untranslatable(request);
    if (fault) throw unfitting(fault);
    return kind === 'completion' ? completionVia(provider, call.body, () => request) : undefined;
  };
  call.decode = () => {
    const known = decoded();
    if (known.kind === 'chat') return known.request;
    const asChat = chatOfCompletion(known.request);
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

/** `GET /api/ps`: what the configured Ollamas have loaded. One that does not answer is left out. */
export async function running(services: Services, exchange: Exchange): Promise<Response> {
  const { caller } = exchange;
  const ollamas = services.catalog.providers.filter(isOllama);
  const lists = await Promise.all(
    ollamas.map(async (provider) => {
      try {
        const told = decodeRunning(await askOllama(services, exchange, provider, '/api/ps'));
        return told.map(({ id, entry }) => ({ id: `${provider.name}/${id}`, bare: id, entry }));
      } catch (reason) {
        const { code, message } = RpcError.from(reason);
        services.log.debug(`${provider.name} does not say what it runs`, { code, message });
        return [];
      }
    }),
  );
  const usable = lists.flat().filter(({ id, bare }) => isModelAllowed(caller, [id, bare]));
  return jsonResponse(exchange, encodeRunning(usable));
}

/** `POST /api/show`: what an Ollama says of its model, or what is known of another's. */
export async function show(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const id = body.model || body.name;
  if (typeof id !== 'string' || id === '') {
    throw apiError('invalid_argument', 'model is missing: name one of GET /api/tags', {
      param: 'model',
    });
  }
  const held = await ollamaThatHas(services, exchange, id);
  if (!held) {
    const found = await findModel(services, exchange, id);
    return jsonResponse(exchange, encodeShow(named(found)));
  }
  const { name: _, ...rest } = body;
  return tryCandidates([held], exchange.request.signal, async ({ provider, model }) => {
    const asked = { ...rest, model };
    return jsonResponse(
      exchange,
      await askOllama(services, exchange, provider, '/api/show', asked),
    );
  });
}

/** The candidate for a name, where an Ollama is the one to be asked. */
async function ollamaThatHas(
  services: Services,
  exchange: Exchange,
  model: string,
): Promise<Candidate | undefined> {
  try {
    const found = await services.catalog.resolve(model);
    const [first] = allowedCandidates(exchange, { model }, found);
    return first && isOllama(first.provider) ? first : undefined;
  } catch (reason) {
    if (RpcError.from(reason).code === 'not_found') return undefined;
    throw reason;
  }
}

function isOllama({ dialects }: Provider): boolean {
  return dialects[0] === 'ollama';
}

async function askOllama(
  { fetch, limits }: Services,
  { request }: Exchange,
  provider: Provider,
  path: string,
  body?: JsonObject,
): Promise<unknown> {
  const deadline = AbortSignal.timeout(limits.firstTokenTimeoutMs);
  const signal = AbortSignal.any([request.signal, deadline]);
  const outbound = await provider.prepareRaw(
    {
      method: body ? 'POST' : 'GET',
      path,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: Buffer.from(JSON.stringify(body)) } : {}),
    },
    signal,
  );
  return getJson(fetch, provider.name, outbound, signal, ollamaDialect.decodeError);
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
