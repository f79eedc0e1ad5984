import { type HttpAnswer, readAll } from '@zeke/foundation/http-client';
import { RpcError } from '@zeke/rpc';
import { dialects } from '../../dialects/index.ts';
import { checkModelAllowed, checkProviderAllowed } from '../../governance/authenticate.ts';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import type { DialectName } from '../../neutral/dialect-name.ts';
import { callProvider } from '../../providers/call-provider.ts';
import type { Provider } from '../../providers/provider.ts';
import { type Candidate, checkModelName } from '../../routing/model-catalog.ts';
import type { RoutingRequest } from '../../routing/routing-request.ts';
import { type Attempt, answerHeaders, attempt, logAttempt, settleWhole } from '../attempt.ts';
import { type Exchange, headersOf } from '../exchange.ts';
import { answerGuard, guardedWhole } from '../guarded.ts';
import { readBodyBytes } from '../read-body.ts';
import { recordBounds } from '../record-bounds.ts';
import { inOrder, refuseChoice } from '../sequential-routing.ts';
import type { Services } from '../services.ts';
import { GuardedRecords, guardRawBody } from './raw-guard.ts';
import { type NamedModel, namedModel, replaceModel } from './raw-model.ts';
import { takeRawRouting } from './raw-routing.ts';
import { RawStreamUsage } from './raw-stream-usage.ts';
import { rawUsage } from './raw-usage.ts';

/** Headers of a request that go on to the provider; credentials are the provider's own. */
const requestHeaders = [
  'content-type',
  'accept',
  'openai-beta',
  'anthropic-beta',
  'idempotency-key',
  'range',
];
/** Headers of an answer that go back. */
const answerHeaderNames = [
  'content-type',
  'content-disposition',
  'content-range',
  'retry-after',
  'etag',
];
/** Endpoints where the model that the body names is the one that answers; files and batches are not. */
const bodyDecides = /^\/v1\/(images|audio|moderations|rerank)(\/|$)/;
/** A JSON answer up to this size is read for its usage, in bytes. */
const maxMeteredBytes = 64 * 1024 * 1024;

/**
 * An endpoint that no dialect knows, at the provider of the model that the body names, or at the
 * one that `x-zeke-provider` names, or at the first that speaks OpenAI. Bytes go through untouched
 * but for the model's name.
 */
export async function passRaw(services: Services, exchange: Exchange): Promise<Response> {
  const { body, routing } = takeRawRouting(exchange, await readBodyBytes(exchange, services));
  const named = namedModel(body, exchange.request.headers.get('content-type') ?? '');
  const candidate = await candidateOf(services, exchange, named, routing);
  if (named && bodyDecides.test(exchange.path)) checkAllowed(exchange, candidate, named.model);
  else checkProviderAllowed(exchange.caller, candidate.provider.name);
  if (!bodyDecides.test(exchange.path)) keepToOneKey(exchange, candidate.provider);
  const wireModel = candidate.provider.wireModel?.(candidate.model) ?? candidate.model;
  const sent = named && named.model !== wireModel ? replaceModel(body, named, wireModel) : body;
  return forward(services, exchange, candidate, exchange.path, sent);
}

/** `/providers/{name}/…`: any path below the API root of one provider. */
export async function passToProvider(
  services: Services,
  exchange: Exchange,
  name: string,
  rest: string,
): Promise<Response> {
  const provider = providerNamed(services, name);
  checkProviderAllowed(exchange.caller, name);
  keepToOneKey(exchange, provider);
  const { body, routing } = takeRawRouting(exchange, await readBodyBytes(exchange, services));
  refuseChoice(routing);
  const named = namedModel(body, exchange.request.headers.get('content-type') ?? '');
  const candidate = { provider, model: named?.model ?? '' };
  return forward(services, exchange, candidate, `/${rest}`, body);
}

/** A request without a body, for an object that one provider keeps. */
export function forwardRaw(
  services: Services,
  exchange: Exchange,
  providerName: string,
  path: string,
): Promise<Response> {
  const provider = providerNamed(services, providerName);
  keepToOneKey(exchange, provider);
  const candidate = { provider, model: '' };
  return forward(services, exchange, candidate, path, new Uint8Array());
}

/** What a provider keeps, only the key that it was made with may find: the first, unless told otherwise. */
function keepToOneKey(exchange: Exchange, { accounts }: Provider): void {
  const [first] = accounts ?? [];
  if (first) exchange.account ??= first.fingerprint;
}

function providerNamed(services: Services, name: string): Provider {
  const provider = services.catalog.provider(name);
  if (provider) return provider;
  const names = services.catalog.providers.map((known) => known.name).join(', ');
  throw apiError(
    'not_found',
    `no provider is named ${name.slice(0, 100)}; there are: ${names || 'none'}`,
    {
      reason: 'provider_not_found',
    },
  );
}

async function candidateOf(
  services: Services,
  exchange: Exchange,
  named: NamedModel | undefined,
  routing: RoutingRequest | undefined,
): Promise<Candidate> {
  const wanted = exchange.request.headers.get('x-zeke-provider');
  if (wanted !== null || !named) refuseChoice(routing);
  if (wanted !== null) {
    const provider = providerNamed(services, wanted);
    const prefix = `${provider.name}/`;
    const model = named?.model ?? '';
    return { provider, model: model.startsWith(prefix) ? model.slice(prefix.length) : model };
  }
  if (named) {
    exchange.requestedModel = named.model;
    const found = await services.catalog.resolve(named.model);
    const [first] = await inOrder(services, exchange, named.model, routing, found);
    if (first) return first;
  }
  const provider = services.catalog.providers.find(
    ({ dialects: spoken, local }) => spoken.includes('openai-chat') && !local,
  );
  if (provider) return { provider, model: '' };
  throw apiError(
    'failed_precondition',
    'no provider for this endpoint: name one in the header x-zeke-provider, or a model in the body',
    { reason: 'no_provider' },
  );
}

/** A provider that the caller chose has only its own models: a bare name means another's, or any. */
function checkAllowed(
  { caller, request }: Exchange,
  { provider, model }: Candidate,
  asked: string,
): void {
  const full = `${provider.name}/${model}`;
  checkModelAllowed(caller, request.headers.has('x-zeke-provider') ? [full] : [asked, full]);
}

function forward(
  services: Services,
  exchange: Exchange,
  candidate: Candidate,
  path: string,
  body: Uint8Array,
): Promise<Response> {
  refuseClimbing(path);
  checkModelName(candidate.model);
  const { guardrails } = services;
  if (!guardrails) return send(services, exchange, candidate, path, body);
  return guardRawBody(guardrails, exchange, candidate, body).then((guardedBody) =>
    send(services, exchange, candidate, path, guardedBody),
  );
}

function send(
  services: Services,
  exchange: Exchange,
  candidate: Candidate,
  path: string,
  body: Uint8Array,
): Promise<Response> {
  const options = {
    candidate,
    requestedModel: candidate.model,
    operation: `${exchange.request.method} ${operationOf(path)}`,
    callerDialect: 'raw',
    providerDialect: 'raw',
    streamed: false,
    attempt: 1,
    asks: isFree(exchange.request.method, path) ? undefined : body,
  } as const;
  let last: Attempt | undefined;
  const asked = attempt(services, exchange, options, '', async (step) => {
    last = step;
    const { provider } = step.record.options.candidate;
    const { method, headers } = exchange.request;
    const query = withoutKey(exchange.query);
    const passed = headersOf(headers, requestHeaders);
    const outbound = await provider.prepareRaw(
      {
        method,
        path: query ? `${path}?${query}` : path,
        headers: passed,
        ...(body.length > 0 ? { body } : {}),
        ...(candidate.model ? { model: candidate.model } : {}),
      },
      step.running.signal,
    );
    const dialect = dialects[dialectOf(candidate)];
    const { http } = services;
    return answer(
      step,
      await callProvider({ http, provider, dialect, call: step.running, outbound }),
    );
  });
  return asked.catch((reason: unknown) => refused(last, reason));
}

/** What asks no model for anything: looks, deletions, files. */
function isFree(method: string, path: string): boolean {
  return method !== 'POST' || /^\/v1\/files(\/|$)|\/cancel$/.test(path);
}

/** Statuses whose answers have no body. */
const noBody: ReadonlySet<number> = new Set([204, 205]);

/** A path may not leave the provider's API root, however its dots and slashes are written. */
function refuseClimbing(path: string): void {
  const slashes = path.replaceAll(/%2f|%5c|\\/gi, '/').replaceAll(/%2e/gi, '.');
  if (!slashes.split('/').some((part) => part === '.' || part === '..')) return;
  throw apiError('invalid_argument', 'the path may not hold . or .. as a part');
}

/** The dialect that errors are read in. */
function dialectOf({ provider, model }: Candidate): DialectName {
  return (provider.dialectsOf?.(model) ?? provider.dialects)[0];
}

/** The endpoint without ids, so that the ledger groups: `/v1/files/file-1/content` → `/v1/files`. */
function operationOf(path: string): string {
  return path
    .split('/')
    .slice(0, 4)
    .join('/')
    .replace(/\/[^/]*[\d_-]{3}[^/]*$/, '');
}

function withoutKey(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair && !pair.startsWith('key='))
    .join('&');
}

/** The provider's own words go back. */
function refused(step: Attempt | undefined, reason: unknown): Response {
  const refusal = reason instanceof RpcError ? apiErrorInfo(reason).refusal : undefined;
  if (!refusal || !step) throw reason;
  const { body, headers, status } = refusal;
  const kept = { ...headersOf(headers, answerHeaderNames), ...answerHeaders(step, [], headers) };
  return new Response(body, { status, headers: kept });
}

async function answer(step: Attempt, response: HttpAnswer): Promise<Response> {
  const { record, running, services } = step;
  const { headers: said } = response;
  const headers = { ...headersOf(said, answerHeaderNames), ...answerHeaders(step, [], said) };
  running.received();
  if (noBody.has(response.status) || step.exchange.request.method === 'HEAD') {
    response.cancel();
    running[Symbol.dispose]();
    record.usageKnown = true;
    record.metered = false;
    record.end('ok');
    return new Response(null, { status: response.status, headers });
  }
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/json')) {
    const wait = () => running.waitIdle(services.limits.idleTimeoutMs);
    wait();
    const bytes = await readAll(response, maxMeteredBytes, answerTooLarge, wait);
    running[Symbol.dispose]();
    meterWhole(step, bytes);
    const guard = answerGuard(step);
    const sent = guard ? (await guardedWhole(guard, bytes, undefined)).bytes : bytes;
    const priced = settleWhole(step, '');
    if (priced instanceof Promise) await priced;
    const told = { ...headers, ...answerHeaders(step, [], said) };
    return new Response(sent as Uint8Array<ArrayBuffer>, {
      status: response.status,
      headers: told,
    });
  }
  const dialect = dialectOf(record.options.candidate);
  const meter = RawStreamUsage.of(type, dialect);
  const guard = answerGuard(step);
  const records = guard && GuardedRecords.of(type, guard, dialects[dialect]);
  const body = watched(step, response, meter, records);
  return new Response(body, {
    status: response.status,
    headers,
  });
}

function answerTooLarge(maxBytes: number): RpcError {
  return apiError('data_loss', `the answer is over ${maxBytes} bytes`, { status: 502 });
}

/** A body of any kind, read no faster than it is taken; its end is the attempt's end. */
function watched(
  step: Attempt,
  source: HttpAnswer,
  meter: RawStreamUsage | undefined,
  records: GuardedRecords | undefined,
): ReadableStream<Uint8Array> {
  const { record, running, services } = step;
  const settle = (outcome: 'ok' | 'canceled' | 'incomplete', error?: RpcError) => {
    running[Symbol.dispose]();
    meter?.end();
    record.usageKnown = true;
    record.metered = meter?.known ?? false;
    if (meter) record.usage = meter.usage;
    record.end(outcome, error);
  };
  const fail = (controller: ReadableStreamDefaultController<Uint8Array>, error: RpcError) => {
    settle(error.code === 'canceled' ? 'canceled' : 'incomplete', error);
    logAttempt(step, error);
    controller.error(error);
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        running.onClientWaitEnd = (error) => fail(controller, error);
      },
      pull: async (controller) => {
        try {
          for (let isSent = false; !isSent; ) {
            running.waitIdle(services.limits.idleTimeoutMs);
            const value = await source.read();
            running.waitClient(services.limits.idleTimeoutMs);
            if (value) meter?.push(value);
            // Records are text of the provider's, and may tell an error: a file is the caller's own.
            const masked = value && meter ? running.mask.bytes(value) : value;
            const sent = records ? guarded(records, masked) : masked;
            const stop = records?.refusal ?? overspent(step, meter, value);
            if (stop) {
              running.abort(stop);
              const last = lastWords(step, sent ?? empty, stop);
              if (!last) return fail(controller, stop);
              settle('incomplete', stop);
              logAttempt(step, stop);
              controller.enqueue(last);
              return controller.close();
            }
            isSent = sent !== undefined && sent.length > 0;
            if (sent && isSent) controller.enqueue(sent);
            if (value) continue;
            settle('ok');
            return controller.close();
          }
        } catch (reason) {
          fail(controller, running.errorOf(reason));
        }
      },
      cancel: () => {
        const left = new RpcError('canceled', 'the client left');
        running.abort(left);
        settle('canceled', left);
      },
    },
    { highWaterMark: 0 },
  );
}

const empty = new Uint8Array();

/** What may go out now, at a chunk or at the end. */
function guarded(records: GuardedRecords, chunk: Uint8Array | undefined): Uint8Array {
  return chunk ? records.push(chunk) : records.end();
}

function overspent(
  { record }: Attempt,
  meter: RawStreamUsage | undefined,
  chunk: Uint8Array | undefined,
): RpcError | undefined {
  if (!meter || !chunk) return undefined;
  return record.hold?.check(Math.max(meter.usage.output, meter.records));
}

/**
 * What a stream that a budget or a rule stops ends with: the records that a chunk ends, and the error as the
 * provider's dialect tells it. Undefined where that cannot be told: then the stream breaks off.
 */
function lastWords(
  { exchange, record }: Attempt,
  chunk: Uint8Array,
  error: RpcError,
): Uint8Array | undefined {
  const { candidate } = record.options;
  const dialect = dialects[dialectOf(candidate)];
  if (dialect.framing === 'aws-event-stream') return undefined;
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const end = recordBounds(dialect.framing).last(bytes, Buffer.alloc(0));
  if (end === 0 && bytes.length > 0) return undefined;
  const encoder = dialect.createEventEncoder({
    model: candidate.model,
    request: {},
    requestId: exchange.requestId,
    responseId: exchange.requestId,
    createdAtMs: exchange.atMs,
  });
  const told = Buffer.from(encoder.push({ type: 'error', error }));
  return Buffer.concat([bytes.subarray(0, end), told]);
}

function meterWhole({ record }: Attempt, bytes: Uint8Array): void {
  record.usageKnown = true;
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const usage = rawUsage(body, dialectOf(record.options.candidate));
    if (usage) record.usage = usage;
    else record.metered = false;
  } catch {
    record.metered = false;
  }
}
