import type { Span, StrategyName } from '@zeke/foundation';
import type { HttpHeaders } from '@zeke/foundation/http-client';
import type { RpcError } from '@zeke/rpc';
import type { Dialect } from '../dialects/dialect.ts';
import type { Caller } from '../governance/authenticate.ts';
import type { OwnBudget } from '../governance/budgets/refusals.ts';
import type { TokenBound } from '../governance/budgets/token-bound.ts';
import type { KeptExchange } from '../governance/content/kept-exchange.ts';
import type { Admission } from '../governance/rate-limits/admission.ts';
import type { PeerAddress } from '../governance/rate-limits/client-address.ts';
import type { RequestGuard } from '../guardrails/request-guard.ts';
import { apiError, apiErrorInfo, type ConsentAsked, httpStatusOf } from '../neutral/api-error.ts';
import type { Visit } from '../overload/visit.ts';

/** One request and what is known about it on its way. */
export interface Exchange {
  request: Request;
  /** Path without query, still percent-encoded. */
  path: string;
  /** The query without its `?`. */
  query: string;
  requestId: string;
  /** Milliseconds since the epoch, and on the monotonic clock. */
  atMs: number;
  startedAt: number;
  caller: Caller;
  /** As the caller named it; empty until it is read. */
  requestedModel: string;
  /** Providers asked so far. */
  attempts: number;
  /** How candidates are asked, where more than one may be. */
  strategy?: StrategyName | undefined;
  /** The request says that no provider elsewhere may be asked. */
  localOnly?: boolean;
  /** What its session is remembered by: it goes to one key of a provider. */
  session?: string;
  /** The fingerprint of the key that what it refers to was made with. */
  account?: string;
  /** How long the request lets a provider take to its first token, or to a whole answer. */
  maxLatencyMs?: number;
  /** As `omen.session_id` says. */
  sessionId?: string;
  /** What the request is to be counted for beside its key, where there are budgets of tags. */
  tags?: readonly string[] | undefined;
  /** Of those, what the member `omen` says, as `name=value`. */
  omenTags?: readonly string[];
  /** What its attempts have cost so far, as far as that is known, and when all that has ended is. */
  costMicroUsd?: number | undefined;
  costKnown?: Promise<void>;
  /** The request wants the cost of a stream among its usage. */
  includesCost?: boolean;
  /** The most tokens that the last attempt's request may use, and of which request that is. */
  bound?: { asks: object; operation: string; bound: TokenBound } | undefined;
  /** What the caller allows the request to cost. */
  ownBudget?: OwnBudget;
  /** Ends the work for the request, in place of the request's own signal: others wait for it too. */
  client?: AbortSignal;
  /** From which address the connection is; absent where there is none. */
  peer?: PeerAddress | undefined;
  /** Holds it and its answer to rules, where there are some; begins when it is known who may answer. */
  guard?: RequestGuard;
  /** What was taken for it where callers have limits. */
  admission?: Admission | undefined;
  /** Whether its answer has headers of the limits that a provider has for the gateway; absent: not known. */
  tellsProviderLimits?: boolean | undefined;
  /** The answer that says what is left to the caller. */
  limitsToldIn?: Response | undefined;
  /** Its place among the requests to models that are under way; absent for others. */
  visit?: Visit | undefined;
  /** Where its content is kept. */
  kept?: KeptExchange;
  span?: Span | undefined;
}

/** A request of which nothing is done yet. */
export function newExchange(
  given: Pick<
    Exchange,
    'request' | 'path' | 'query' | 'requestId' | 'atMs' | 'startedAt' | 'caller' | 'peer' | 'span'
  >,
): Exchange {
  return {
    request: given.request,
    path: given.path,
    query: given.query,
    requestId: given.requestId,
    atMs: given.atMs,
    startedAt: given.startedAt,
    caller: given.caller,
    requestedModel: '',
    attempts: 0,
    peer: given.peer,
    span: given.span,
    // What most requests come to have: an object that grows is moved each time.
    admission: undefined,
    visit: undefined,
    strategy: undefined,
    tags: undefined,
    bound: undefined,
    costMicroUsd: undefined,
    tellsProviderLimits: undefined,
    limitsToldIn: undefined,
  };
}

const maxTags = 8;
const maxTagChars = 200;
const noTags: readonly string[] = [];

/**
 * The tags of a request: those of `omen.tags`, those of `x-zeke-tags`, parted by commas, and
 * `project=…` of `x-project`. Throws `invalid_argument` for too many, and for one that is too long.
 */
export function tagsOf({ omenTags, request: { headers } }: Exchange): readonly string[] {
  const project = headers.get('x-project')?.trim();
  const listed = headers.get('x-zeke-tags');
  if (!project && listed === null && omenTags === undefined) return noTags;
  const ofProject = project ? [`project=${project}`] : [];
  const given = listed?.split(',').flatMap((tag) => tag.trim() || []);
  const tags =
    given || omenTags
      ? [...new Set([...(omenTags ?? []), ...(given ?? []), ...ofProject])]
      : ofProject;
  if (tags.length > maxTags || tags.some((tag) => tag.length > maxTagChars)) {
    throw apiError(
      'invalid_argument',
      `x-zeke-tags: at most ${maxTags} tags of ${maxTagChars} characters each, with omen.tags and that of x-project`,
      { param: 'x-zeke-tags' },
    );
  }
  return tags;
}

/** Where the path of an absolute URL begins, after `http://host`. */
function pathStart(url: string): number {
  const at = url.indexOf('/', url.indexOf('//') + 2);
  return at < 0 ? url.length : at;
}

/** Path and query of a request. */
export function splitUrl(url: string): { path: string; query: string } {
  const start = pathStart(url);
  const mark = url.indexOf('?', start);
  return mark < 0
    ? { path: url.slice(start), query: '' }
    : { path: url.slice(start, mark), query: url.slice(mark + 1) };
}

const jsonType = { 'content-type': 'application/json' } as const;

/** A JSON answer with the request's id. */
export function jsonResponse(
  exchange: Pick<Exchange, 'requestId'>,
  body: unknown,
  options: { status?: number; headers?: Record<string, string> } = {},
): Response {
  return new Response(JSON.stringify(body), {
    status: options.status ?? 200,
    headers: { ...jsonType, 'x-request-id': exchange.requestId, ...options.headers },
  });
}

/** The shape in which an endpoint tells an error: a body as a value, or as the JSON to send. */
export type ErrorEncoder = (
  error: RpcError,
  requestId: string,
) => { status: number; body: object | string; headers?: Record<string, string> };

/**
 * Errors in a dialect's shape. One of a provider that spoke this dialect keeps its status and, where
 * it has the shape, its bytes: what the dialect's client knows of it and the neutral form does not.
 */
export function errorsIn(dialect: Pick<Dialect, 'name' | 'encodeError'>): ErrorEncoder {
  return (error, requestId) => {
    const info = apiErrorInfo(error);
    const { refusal } = info;
    if (refusal?.dialect !== dialect.name) return dialect.encodeError(error, requestId);
    const { body, isShaped, status } = refusal;
    if (isShaped) return { status, body };
    return dialect.encodeError(apiError(error.code, error.message, { ...info, status }), requestId);
  };
}

/** The error shape of the gateway's own endpoints: OpenAI's, which most tools can read. */
export const plainError: ErrorEncoder = (error, requestId) => {
  const info = apiErrorInfo(error);
  return {
    status: httpStatusOf(error),
    body: {
      error: {
        message: error.message,
        type: error.code,
        code: info.reason ?? null,
        param: info.param ?? null,
        request_id: requestId,
      },
    },
  };
};

/** The error of an endpoint that people see in their browser: a line of text. */
export const pageError: ErrorEncoder = (error) => ({
  status: httpStatusOf(error),
  body: `zeke: ${error.message}\n`,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  },
});

/** An error as the caller's dialect tells it, with `retry-after` where it is known. */
export function errorResponse(
  encode: ErrorEncoder,
  error: RpcError,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  const { status, body, headers: own } = encode(error, requestId);
  const { consent, provider, reason, refusal, retryAfterMs } = apiErrorInfo(error);
  if (consent && typeof body === 'object') addConsent(body, consent);
  const all: Record<string, string> = {
    ...jsonType,
    'x-request-id': requestId,
    ...headers,
    ...own,
  };
  if (retryAfterMs !== undefined) all['retry-after'] = String(Math.ceil(retryAfterMs / 1_000));
  // OpenAI's and Anthropic's clients ask again after a 429 unless told not to.
  if (isFinal(reason) && !provider) all['x-should-retry'] = 'false';
  if (refusal) passOn(refusal.headers, all);
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    status,
    headers: all,
  });
}

/** Dialects tell errors in an object `error`; Ollama in a text of that name. */
function addConsent(body: object, consent: ConsentAsked): void {
  const { error } = body as { error?: unknown };
  const told = (typeof error === 'object' && error !== null ? error : body) as { code?: unknown };
  // Gemini's code is the status.
  if (typeof told.code !== 'number') told.code = 'consent_required';
  Object.assign(told, consent);
}

/** What asking again does not help against. */
function isFinal(reason: string | undefined): boolean {
  return reason === 'insufficient_quota' || reason === 'request_too_large';
}

/**
 * Copies what a provider says in headers of its limits and its time, and its id of the request as
 * `x-zeke-provider-request-id`. Tells whether limits were among them.
 */
export function passOn(provider: HttpHeaders, into: Record<string, string>): boolean {
  let tellsLimits = false;
  provider.forEach((value, name) => {
    if (isOfLimits(name)) {
      into[name] = value;
      tellsLimits = true;
    } else if (name === 'openai-processing-ms') into[name] = value;
    else if (providerRequestIds.has(name)) into['x-zeke-provider-request-id'] = value;
  });
  return tellsLimits;
}

function isOfLimits(name: string): boolean {
  return name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-');
}

/** Of OpenAI and what is like it, Anthropic, AWS, Azure. */
const providerRequestIds: ReadonlySet<string> = new Set([
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'apim-request-id',
]);

/** Those of the named headers that are there. */
export function headersOf(headers: HttpHeaders, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}
