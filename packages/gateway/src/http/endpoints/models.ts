import {
  modelList as anthropicModelList,
  modelInfo,
} from '../../dialects/anthropic-messages/index.ts';
import { encodeModel, encodeModelList } from '../../dialects/gemini/index.ts';
import { modelList, modelObject } from '../../dialects/openai-chat/models.ts';
import { isModelAllowed } from '../../governance/authenticate.ts';
import { apiError } from '../../neutral/api-error.ts';
import type { ListedModel } from '../../routing/model-catalog.ts';
import { nearestNames } from '../../routing/nearest-names.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/**
 * `GET /v1/models`, in Anthropic's shape for those who send `anthropic-version`, in Gemini's for
 * those who send Google's headers: its clients ask at `/v1` too.
 */
export async function listModels(services: Services, exchange: Exchange): Promise<Response> {
  if (isGoogle(exchange)) return listGeminiModels(services, exchange);
  const models = await usableModels(services, exchange);
  if (!isAnthropic(exchange)) return jsonResponse(exchange, modelList(models.map(openAiModel)));
  const page = Object.fromEntries(new URLSearchParams(exchange.query));
  return jsonResponse(exchange, anthropicModelList(models.map(named), page));
}

/** `GET /v1/models/{id}` */
export async function getModel(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  if (isGoogle(exchange)) return getGeminiModel(services, exchange, id);
  const model = await findModel(services, exchange, id);
  return jsonResponse(
    exchange,
    isAnthropic(exchange) ? modelInfo(named(model)) : modelObject(openAiModel(model)),
  );
}

/** `GET /v1beta/models` */
export async function listGeminiModels(services: Services, exchange: Exchange): Promise<Response> {
  const models = await usableModels(services, exchange);
  const query = new URLSearchParams(exchange.query);
  const page = { pageSize: query.get('pageSize'), pageToken: query.get('pageToken') };
  return jsonResponse(exchange, encodeModelList(models.map(named), page));
}

/** `GET /v1beta/models/{id}` */
export async function getGeminiModel(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  return jsonResponse(exchange, encodeModel(named(await findModel(services, exchange, id))));
}

/** The models that this caller may use, now. */
export async function usableModels(
  services: Services,
  { caller }: Exchange,
): Promise<ListedModel[]> {
  const models = await services.catalog.list();
  if (!caller.allowedModels) return models;
  return models.filter(({ name, id }) => isModelAllowed(caller, [name, id]));
}

/** Throws `not_found` with the nearest names. */
export async function findModel(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<ListedModel> {
  const models = await usableModels(services, exchange);
  const found = models.find(({ name }) => name === id) ?? models.find((model) => model.id === id);
  if (found) return found;
  const near = nearestNames(
    id,
    models.map(({ name }) => name),
  );
  const hint =
    near.length > 0
      ? `did you mean ${near.join(', ')}?`
      : `${listPath(exchange)} lists what is usable now`;
  throw apiError('not_found', `the model ${id.slice(0, 200)} is not known; ${hint}`, {
    reason: 'model_not_found',
    param: 'model',
  });
}

/** Where a caller of this endpoint finds the list. */
function listPath({ path }: Exchange): string {
  const [, first] = path.split('/');
  return first === 'api' ? 'GET /api/tags' : `GET /${first}/models`;
}

/** A model under the name by which it is asked for. */
function named(model: ListedModel): ListedModel {
  return { ...model, id: model.name };
}

function openAiModel({ name, createdAtMs, provider, ...model }: ListedModel) {
  const { abilities, contextTokens, maxOutputTokens } = model;
  const known = { abilities, contextTokens, maxOutputTokens };
  return { id: name, createdAtMs: createdAtMs ?? 0, ownedBy: provider, ...known };
}

function isAnthropic({ request }: Exchange): boolean {
  return request.headers.has('anthropic-version');
}

function isGoogle({ request }: Exchange): boolean {
  return request.headers.has('x-goog-api-key') || request.headers.has('x-goog-api-client');
}
