import { RpcError } from '@zeke/rpc';
import type { EncodeResponseContext, JsonObject } from '../../dialects/dialect.ts';
import {
  inputItemList,
  inputItems,
  openaiResponsesDialect,
  requestState,
  type StoredResponse,
  withStoredInput,
} from '../../dialects/openai-responses/index.ts';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import { ResponseCollector } from '../../neutral/collect-response.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { answerChat } from '../chat-endpoint.ts';
import type { ChatObserver } from '../chat-observer.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';
import { readCall } from './chat.ts';
import { forwardRaw } from './raw.ts';

/**
 * `POST /v1/responses`. An answer of a provider with this dialect is kept there, where the caller
 * may refer to it; any other answer is kept here, for 30 days, unless `store` is false.
 */
export async function createResponse(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, openaiResponsesDialect, false);
  const state = requestState(call.body);
  if (state.conversationId !== undefined) {
    throw apiError('invalid_argument', 'conversation is not supported: use previous_response_id', {
      param: 'conversation',
    });
  }
  const previous = state.previousResponseId
    ? await readStored(services, exchange, state.previousResponseId, 'previous_response_id')
    : undefined;
  if (previous?.provider) call.onlyProvider = previous.provider;
  const keptHere = previous && !previous.provider ? previous.stored : undefined;
  if (keptHere) call.mayPassThrough = false;
  const asks = keptHere && withStoredInput(call.body, keptHere);
  if (asks) call.asks = asks;
  const body = () => asks ?? withStoredInput(call.body, undefined);
  call.decode = () => openaiResponsesDialect.decodeRequest(body(), {});
  if (state.store) call.observer = new ResponseKeeper(services, exchange, body);
  return answerChat(services, exchange, call);
}

/** `GET /v1/responses/{id}` */
export async function getResponse(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { provider, response } = await readStored(services, exchange, id);
  if (provider) return forwardRaw(services, exchange, provider, exchange.path);
  return jsonResponse(exchange, response);
}

/** `GET /v1/responses/{id}/input_items`: what was said to the model, with all that went before. */
export async function listInputItems(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { provider, stored } = await readStored(services, exchange, id);
  if (provider) return forwardRaw(services, exchange, provider, exchange.path);
  const page = Object.fromEntries(new URLSearchParams(exchange.query));
  return jsonResponse(exchange, inputItemList(id, stored.input, page));
}

/** `DELETE /v1/responses/{id}` */
export async function deleteResponse(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { provider } = await readStored(services, exchange, id);
  const answer = provider
    ? await forwardRaw(services, exchange, provider, exchange.path)
    : jsonResponse(exchange, { id, object: 'response', deleted: true });
  if (answer.ok) {
    await services.responses.forget(id);
  }
  return answer;
}

interface Stored {
  provider: string | null;
  stored: StoredResponse;
  response: JsonObject;
}

/** Throws `not_found` for an id that is unknown, too old, or another key's; `param` is its field. */
async function readStored(
  services: Services,
  exchange: Exchange,
  id: string,
  param?: string,
): Promise<Stored> {
  // The answer this follows on may have been sent a moment before it was kept.
  await services.background.current();
  const row = await services.responses.find(id, exchange.caller.keyId);
  if (!row) {
    const message = `no response with the id ${id.slice(0, 100)} is kept`;
    throw apiError('not_found', message, param === undefined ? {} : { param });
  }
  const response: JsonObject = row.response === '' ? {} : JSON.parse(row.response);
  if (row.provider && typeof response.account === 'string') exchange.account = response.account;
  return {
    provider: row.provider,
    stored: { input: JSON.parse(row.input), output: inputItems(response.output) },
    response,
  };
}

/** Keeps an answer, or who keeps it, under its id. */
class ResponseKeeper implements ChatObserver {
  readonly #services: Services;
  readonly #exchange: Exchange;
  readonly #body: () => JsonObject;
  readonly #collector = new ResponseCollector();

  constructor(services: Services, exchange: Exchange, body: () => JsonObject) {
    this.#services = services;
    this.#exchange = exchange;
    this.#body = body;
  }

  event(event: ChatEvent): void {
    if (event.type !== 'error') this.#collector.push(event);
  }

  streamEnd(context: EncodeResponseContext): void {
    this.whole(openaiResponsesDialect.encodeResponse(this.#collector.response, context));
  }

  whole(answer: JsonObject): void {
    this.#keep(answer.id, {
      provider: null,
      input: JSON.stringify(inputItems(this.#body().input)),
      response: JSON.stringify(answer),
    });
  }

  passed({ provider }: Candidate, answer: unknown): void {
    const { id, response } = answer as { id?: unknown; response?: { id?: unknown } };
    const { account, name } = provider;
    const madeWith = account ? JSON.stringify({ account: account.fingerprint }) : '';
    this.#keep(response?.id ?? id, { provider: name, input: '[]', response: madeWith });
  }

  #keep(id: unknown, values: { provider: string | null; input: string; response: string }): void {
    if (typeof id !== 'string') return;
    const { background, log, responses } = this.#services;
    const written = responses.keep({ id, key_id: this.#exchange.caller.keyId ?? null, ...values });
    background.add(
      written.catch((reason: unknown) => {
        const { code } = RpcError.from(reason);
        log.error('a response could not be kept', { id, code, err: reason });
      }),
    );
  }
}
