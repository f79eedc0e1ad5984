import { dialects } from '../dialects/index.ts';
import type { Action } from '../governance/permissions.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import { audited } from './audited.ts';
import { type AuditedRoute, auditedActions } from './audited-actions.ts';
import { cacheStats, clearCache } from './endpoints/cache.ts';
import { chatCompletions, messages } from './endpoints/chat.ts';
import { completions } from './endpoints/completions.ts';
import { countMessageTokens } from './endpoints/count-tokens.ts';
import { geminiMethod } from './endpoints/gemini.ts';
import { getGeminiModel, getModel, listGeminiModels, listModels } from './endpoints/models.ts';
import * as ollama from './endpoints/ollama.ts';
import { openAiEmbeddings } from './endpoints/openai-embeddings.ts';
import { passRaw, passToProvider } from './endpoints/raw.ts';
import {
  createResponse,
  deleteResponse,
  getResponse,
  listInputItems,
} from './endpoints/responses.ts';
import { health, metrics, ready, status } from './endpoints/status.ts';
import { errorsIn, pageError, plainError } from './exchange.ts';
import { oauthError } from './oauth-error.ts';
import { type Route, Router } from './route.ts';

type Handle = Route['handle'];

/** Every endpoint of the gateway. */
export function createRouter(): Router {
  const router = new Router();
  addOpenAi(router);
  addOthers(router);
  addRaw(router);
  addOwn(router);
  addEntities(router);
  addBudgets(router);
  return router;
}

function addOpenAi(router: Router): void {
  const chat = inDialect('openai-chat');
  const responses = inDialect('openai-responses');
  router.add('POST /v1/chat/completions', chat('chat-completions', chatCompletions));
  router.add('POST /v1/completions', chat('completions', completions));
  router.add('POST /v1/embeddings', chat('embeddings', openAiEmbeddings));
  router.add('GET /v1/models', lookup(chat('models', listModels)));
  router.add('GET /v1/models/**', lookup(chat('model', rest(getModel))));
  router.add('POST /v1/responses', responses('responses', createResponse));
  router.add('GET /v1/responses/*', lookup(responses('response', one(getResponse))));
  router.add(
    'GET /v1/responses/*/input_items',
    lookup(responses('response-input', one(listInputItems))),
  );
  router.add('DELETE /v1/responses/*', lookup(responses('response-delete', one(deleteResponse))));
}

function addOthers(router: Router): void {
  const anthropic = inDialect('anthropic-messages');
  const gemini = inDialect('gemini');
  const spoken = inDialect('ollama');
  router.add('POST /v1/messages', anthropic('messages', messages));
  router.add('POST /v1/messages/count_tokens', anthropic('count-tokens', countMessageTokens));
  for (const version of ['v1beta', 'v1alpha']) {
    router.add(`GET /${version}/models`, lookup(gemini('gemini-models', listGeminiModels)));
    router.add(`GET /${version}/models/**`, lookup(gemini('gemini-model', rest(getGeminiModel))));
  }
  for (const version of ['v1beta', 'v1alpha', 'v1']) {
    router.add(`POST /${version}/models/**`, gemini('gemini', geminiMethod));
    router.add(`POST /${version}/tunedModels/**`, gemini('gemini', geminiMethod));
  }
  router.add('POST /api/chat', spoken('ollama-chat', ollama.chat));
  router.add('POST /api/generate', spoken('ollama-generate', ollama.generate));
  router.add('POST /api/embed', spoken('ollama-embed', ollama.embed));
  router.add('POST /api/embeddings', spoken('ollama-embeddings', ollama.embeddings));
  router.add('GET /api/tags', lookup(spoken('ollama-tags', ollama.tags)));
  router.add('GET /api/ps', lookup(spoken('ollama-ps', ollama.running)));
  router.add('POST /api/show', lookup(spoken('ollama-show', ollama.show)));
  router.add('GET /api/version', lookup(spoken('ollama-version', ollama.version)));
}

function addRaw(router: Router): void {
  const raw = inDialect('openai-chat');
  for (const path of ['images', 'audio', 'files', 'batches']) {
    router.add(`* /v1/${path}/**`, raw(path, passRaw));
  }
  for (const path of ['files', 'batches']) {
    router.add(`GET /v1/${path}`, raw(path, passRaw));
    router.add(`POST /v1/${path}`, raw(path, passRaw));
  }
  router.add('POST /v1/moderations', raw('moderations', passRaw));
  router.add('POST /v1/rerank', raw('rerank', passRaw));
  const provider = raw('provider', (services, exchange, [name = '', path = '']) =>
    passToProvider(services, exchange, name, path),
  );
  router.add('* /providers/*/**', { ...provider, takesKeyInQuery: true });
}

function addOwn(router: Router): void {
  router.add('GET /health', open('health', health));
  router.add('GET /ready', open('ready', ready));
  router.add('GET /status', admin('status', status));
  router.add('GET /metrics', admin('metrics', metrics));
  router.add('GET /cache/stats', admin('cache-stats', cacheStats));
  const operate = changing('gateway.operate');
  router.add('POST /cache/clear', operate('cache-clear', clearCache));
  router.add('GET /openapi.json', open('openapi', onUse(apiDocument, 'openApiDocument')));
  const keys = adminFor('keys.read', 'keys.write');
  router.add('GET /admin/keys', keys.read('keys', onUse(adminApi, 'listKeys')));
  router.add('POST /admin/keys', keys.write('key-create', onUse(adminApi, 'createKey')));
  router.add('PATCH /admin/keys/*', operate('key-change', withId(adminApi, 'changeKey')));
  router.add('POST /admin/keys/*/rotate', keys.write('key-rotate', withId(adminApi, 'rotateKey')));
  router.add('DELETE /admin/keys/*', keys.write('key-revoke', withId(adminApi, 'revokeKey')));
  addOauth(router);
  addLogins(router);
  const content = () => import('./endpoints/admin-content.ts');
  const reading = changing('content.read');
  router.add('GET /admin/content/*', reading('content-read', withId(content, 'readContent')));
  router.add(
    'DELETE /admin/content/*',
    operate('content-delete', withId(content, 'deleteContent')),
  );
  const consent = adminFor('consent.read', 'consent.decide');
  const consentApi = () => import('./endpoints/admin-consent.ts');
  router.add('GET /admin/consent', consent.read('consents', onUse(consentApi, 'listConsents')));
  router.add(
    'POST /admin/consent',
    consent.write('consent-decide', onUse(consentApi, 'decideConsent')),
  );
  const usage = adminFor('usage.read', 'usage.read');
  router.add('GET /admin/usage', usage.read('usage', onUse(adminApi, 'getUsage')));
  const audit = () => import('./endpoints/admin-audit.ts');
  router.add('GET /admin/audit', admin('audit', onUse(audit, 'listAudit')));
  router.add('GET /admin/audit/verify', admin('audit-verify', onUse(audit, 'verifyAudit')));
  router.add('GET /admin/providers', admin('providers', onUse(adminApi, 'listProviders')));
  const limits = () => import('./endpoints/rate-limit.ts');
  router.add('POST /admin/limits/reset', operate('limits-reset', onUse(limits, 'resetLimits')));
  router.add('GET /rate-limit/status', caller('rate-limit', onUse(limits, 'rateLimitStatus')));
  router.add('GET /omen/providers', caller('omen-providers', onUse(omenApi, 'omenProviders')));
  router.add('GET /omen/providers/scores', caller('omen-scores', onUse(omenApi, 'omenScores')));
  router.add('GET /omen/providers/*/health', caller('omen-health', one(providerHealth)));
  router.add('POST /omen/explain', caller('omen-explain', onUse(explainApi, 'omenExplain')));
}

function addOauth(router: Router): void {
  const oauth = () => import('./endpoints/oauth.ts');
  const token = open('oauth-token', onUse(oauth, 'issueToken'));
  router.add('POST /oauth/token', { ...token, error: oauthError, authenticates: true });
  router.add(
    'GET /.well-known/oauth-authorization-server',
    open('oauth-metadata', onUse(oauth, 'authorizationServerMetadata')),
  );
}

function addLogins(router: Router): void {
  const api = () => import('./endpoints/login.ts');
  const page = (name: string, handle: Handle): Route => {
    return { ...open(name, handle), error: pageError, authenticates: true };
  };
  router.add('GET /auth/login', page('login', onUse(api, 'beginLogin')));
  router.add('GET /auth/callback', page('login-end', onUse(api, 'endLogin')));
  router.add('GET /oauth/authorize', page('login-command', onUse(api, 'authorizeCommand')));
  router.add('GET /auth/whoami', identity('whoami', onUse(api, 'whoAmI')));
  const logout = identity('logout', onUse(api, 'endSession'));
  router.add('POST /auth/logout', audited(auditedActions.logout, logout));
}

function addEntities(router: Router): void {
  const api = () => import('./endpoints/admin-entities.ts');
  const orgs = adminFor('entities.read', 'gateway.operate');
  router.add('GET /admin/orgs', orgs.read('orgs', onUse(api, 'listOrgs')));
  router.add('POST /admin/orgs', orgs.write('org-create', onUse(api, 'createOrg')));
  router.add('PATCH /admin/orgs/*', orgs.write('org-rename', withId(api, 'renameOrg')));
  router.add('DELETE /admin/orgs/*', orgs.write('org-delete', withId(api, 'deleteOrg')));
  const teams = adminFor('entities.read', 'teams.write');
  router.add('GET /admin/teams', teams.read('teams', onUse(api, 'listTeams')));
  router.add('POST /admin/teams', teams.write('team-create', onUse(api, 'createTeam')));
  router.add('PATCH /admin/teams/*', teams.write('team-rename', withId(api, 'renameTeam')));
  router.add('DELETE /admin/teams/*', teams.write('team-delete', withId(api, 'deleteTeam')));
  const users = adminFor('entities.read', 'users.write');
  router.add('GET /admin/users', users.read('users', onUse(api, 'listUsers')));
  router.add('POST /admin/users', users.write('user-create', onUse(api, 'createUser')));
  router.add('PATCH /admin/users/*', users.write('user-change', withId(api, 'changeUser')));
  router.add('DELETE /admin/users/*', users.write('user-delete', withId(api, 'deleteUser')));
}

function addBudgets(router: Router): void {
  const api = () => import('./endpoints/admin-budgets.ts');
  const budgets = adminFor('budgets.read', 'budgets.write');
  router.add('GET /admin/budgets', budgets.read('budgets', onUse(api, 'listBudgets')));
  router.add('PUT /admin/budgets', budgets.write('budget-set', onUse(api, 'setBudget')));
  router.add(
    'DELETE /admin/budgets/*/*/*/*',
    budgets.write('budget-delete', onUse(api, 'deleteBudget')),
  );
}

/** The document has a schema of every endpoint, which few processes are ever asked for. */
function apiDocument() {
  return import('./openapi.ts');
}

function omenApi() {
  return import('./endpoints/omen.ts');
}

function explainApi() {
  return import('./endpoints/omen-explain.ts');
}

async function providerHealth(...given: Parameters<WithId>): Promise<Response> {
  return (await omenApi()).omenProviderHealth(...given);
}

function adminApi() {
  return import('./endpoints/admin.ts');
}

/** An endpoint whose module is loaded at its first request. */
function onUse<Name extends string>(
  load: () => Promise<Readonly<Record<NoInfer<Name>, Handle>>>,
  name: Name,
): Handle {
  return async (services, exchange, parameters) => {
    const endpoints = await load();
    return endpoints[name](services, exchange, parameters);
  };
}

/** The same, with the one variable part of its path. */
function withId<Name extends string>(
  load: () => Promise<Readonly<Record<NoInfer<Name>, WithId>>>,
  name: Name,
): Handle {
  return one(async (services, exchange, id) => {
    const endpoints = await load();
    return endpoints[name](services, exchange, id);
  });
}

/** Endpoints that call models, and tell errors in a dialect. */
function inDialect(dialect: DialectName): (name: string, handle: Handle) => Route {
  const error = errorsIn(dialects[dialect]);
  const takesKeyInQuery = dialect === 'gemini';
  return (name, handle) => ({
    name,
    error,
    needs: 'models.call',
    dialect,
    takesKeyInQuery,
    handle,
  });
}

function lookup(route: Route): Route {
  return { ...route, isLookup: true };
}

function open(name: string, handle: Handle): Route {
  return { name, error: plainError, needs: 'nothing', handle };
}

function identity(name: string, handle: Handle): Route {
  return { name, error: plainError, needs: 'identity', handle };
}

function caller(name: string, handle: Handle): Route {
  return { name, error: plainError, needs: 'models.call', handle };
}

function admin(name: string, handle: Handle): Route {
  return { name, error: plainError, needs: 'gateway.operate', handle };
}

/** Endpoints of the admin API that roles may use, as far as they reach. */
function adminFor(toRead: Action, toWrite: Action) {
  const read = (name: string, handle: Handle): Route => {
    return { name, error: plainError, needs: toRead, handle };
  };
  return { read, write: changing(toWrite) };
}

/** What changes something is on the audit log. */
function changing(needs: Action) {
  return (name: AuditedRoute, handle: Handle): Route =>
    audited(auditedActions[name], { name, error: plainError, needs, handle });
}

type WithId = (
  services: Parameters<Handle>[0],
  exchange: Parameters<Handle>[1],
  id: string,
) => Promise<Response>;

/** The one variable part of the path. */
function one(handle: WithId): Handle {
  return (services, exchange, [id = '']) => handle(services, exchange, id);
}

/** All the rest of the path, where names may hold slashes. */
function rest(handle: WithId): Handle {
  return (services, exchange, [path = '']) => handle(services, exchange, decoded(path));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
