import type { HttpAnswer, HttpHeaders } from '@zeke/foundation/http-client';
import { RpcError } from '@zeke/rpc';
import type { Dialect, TranslationNote } from '../dialects/dialect.ts';
import { type AttemptOptions, AttemptRecord } from '../governance/attempt-record.ts';
import type { Hold } from '../governance/budgets/hold.ts';
import type { Draw } from '../governance/rate-limits/draw.ts';
import { costText } from '../governance/request-cost.ts';
import { blockedReason } from '../guardrails/refusal.ts';
import { apiError, apiErrorInfo, unfitting } from '../neutral/api-error.ts';
import { callProvider, ProviderCall, readAnswer } from '../providers/call-provider.ts';
import type { Operation, Provider } from '../providers/provider.ts';
import type { Entry } from '../routing/contest.ts';
import { refuseRemote } from '../routing/privacy.ts';
import { tryAccounts } from '../routing/try-accounts.ts';
import { joinTrace } from '../telemetry/join-trace.ts';
import { type Exchange, passOn } from './exchange.ts';
import { holdCost, likelyTokens } from './hold-cost.ts';
import { privacyRule } from './privacy-rule.ts';
import type { Services } from './services.ts';

/** What the steps of one attempt at one provider share. */
export interface Attempt {
  services: Services;
  exchange: Exchange;
  record: AttemptRecord;
  running: ProviderCall;
  /** The caller's text, to count its tokens where the provider does not say. */
  input: string;
  /** What is to be known of the contest that the attempt is part of. */
  entry?: Entry | undefined;
}

/**
 * Runs one attempt. When it fails, the ledger and the log have it before the error goes on; when
 * `run` returns, ending the record is `run`'s business, at once or when its stream has ended. At a
 * provider with several keys it is as many attempts as keys are tried; `run` begins anew with each.
 */
export function attempt<T>(
  services: Services,
  exchange: Exchange,
  options: AttemptOptions,
  input: string,
  run: (attempt: Attempt) => Promise<T>,
  entry?: Entry,
): Promise<T> {
  const { candidate } = options;
  const { accounts } = candidate.provider;
  if (accounts === undefined) {
    return attemptOnce(services, exchange, numbered(options, exchange), input, run, entry);
  }
  const ask = (provider: Provider) => {
    const withKey = { ...options, candidate: { ...candidate, provider } };
    return attemptOnce(services, exchange, numbered(withKey, exchange), input, run, entry);
  };
  const bound = accounts.find(({ fingerprint }) => fingerprint === exchange.account);
  if (bound) return ask(bound.provider);
  return tryAccounts({
    figures: services.figures,
    provider: candidate.provider,
    model: candidate.model,
    session: exchange.session,
    client: exchange.client ?? exchange.request.signal,
    ask,
  });
}

/** Attempts with further keys have numbers of their own, and so those after them. */
function numbered(options: AttemptOptions, { attempts }: Exchange): AttemptOptions {
  return options.attempt > attempts ? options : { ...options, attempt: attempts + 1 };
}

async function attemptOnce<T>(
  services: Services,
  exchange: Exchange,
  options: AttemptOptions,
  input: string,
  run: (attempt: Attempt) => Promise<T>,
  entry?: Entry,
): Promise<T> {
  const { limits } = services;
  const provider = options.candidate.provider.name;
  refuseRemote(options.candidate.provider, privacyRule(services, exchange));
  const isFree = services.budgets.isIdle && exchange.ownBudget === undefined;
  const held = isFree ? undefined : holdCost(services, exchange, options);
  const taken = takeRoom(services, exchange, options, held);
  const { draw, hold } = taken instanceof Promise ? await taken : taken;
  const live = services.figures.begin(options.candidate);
  if (live instanceof RpcError) {
    hold?.release();
    draw?.giveBack();
    throw restsNow(live, provider, services.figures.restsForMs(options.candidate));
  }
  const record = new AttemptRecord(services, exchange, options, live);
  record.hold = hold;
  record.draw = draw;
  const running = new ProviderCall({
    watchdog: services.watchdog,
    client: exchange.client ?? exchange.request.signal,
    answerWithinMs: Math.min(
      exchange.maxLatencyMs ?? Number.POSITIVE_INFINITY,
      options.streamed
        ? limits.firstTokenTimeoutMs
        : (limits.answerTimeoutMs ?? limits.firstTokenTimeoutMs),
    ),
    provider,
    drainMs: limits.drainOnDisconnect === 'drain' ? limits.drainLimitMs : 0,
    stopping: services.background.stopping,
    onLeave: () => services.background.addAbandoned(record.whenEnded()),
  });
  record.call = running;
  if (exchange.span || options.candidate.provider.sendsTraceContext) {
    joinTrace(services, exchange, record, running);
  }
  if (entry) {
    endWhenLost(running, entry.lost);
    services.background.add(record.whenEnded());
  }
  const step: Attempt = { services, exchange, record, running, input, entry };
  try {
    return await run(step);
  } catch (reason) {
    const error = running.errorOf(reason);
    // Whatever is still open at the provider is of no use to anybody.
    running.abort(error);
    running[Symbol.dispose]();
    const canceled = error.code === 'canceled';
    // What was written all the same is to be paid for.
    const isBlocked = apiErrorInfo(error).reason === blockedReason;
    const countable =
      canceled || hold?.stopped || isBlocked
        ? () => ({ input, ...(record.answered?.() ?? { output: '', outputShare: 1 }) })
        : undefined;
    record.end(canceled ? 'canceled' : 'error', error, countable);
    logAttempt(step, error);
    throw error;
  }
}

/** What budgets and limits had room for. */
interface Room {
  readonly hold: Hold | undefined;
  readonly draw: Draw | undefined;
}

/**
 * What budgets hold, with what the caller's limits, and the model's, have room for; where others are to
 * be asked for both, they are asked at once. Throws, or rejects with, what the first that refuses says,
 * and nothing is taken then.
 */
function takeRoom(
  services: Services,
  exchange: Exchange,
  options: AttemptOptions,
  held: Hold | undefined | Promise<Hold | undefined>,
): Room | Promise<Room> {
  const draw = () => drawTokens(services, exchange, options);
  if (held instanceof Promise) return takeAtOnce(held, draw);
  const refused = (refusal: unknown): never => {
    held?.release();
    throw refusal;
  };
  try {
    const drawn = draw();
    return drawn instanceof Promise
      ? drawn.then((later) => ({ hold: held, draw: later }), refused)
      : { hold: held, draw: drawn };
  } catch (refusal) {
    return refused(refusal);
  }
}

async function takeAtOnce(
  held: Promise<Hold | undefined>,
  draw: () => Draw | undefined | Promise<Draw | undefined>,
): Promise<Room> {
  const [hold, drawn] = await Promise.allSettled([held, (async () => draw())()]);
  if (hold.status === 'rejected') {
    if (drawn.status === 'fulfilled') drawn.value?.giveBack();
    throw hold.reason;
  }
  if (drawn.status === 'rejected') {
    hold.value?.release();
    throw drawn.reason;
  }
  return { hold: hold.value, draw: drawn.value };
}

/** Throws `resource_exhausted`, or rejects with it. */
function drawTokens(
  services: Services,
  exchange: Exchange,
  { asks, candidate, operation }: AttemptOptions,
): Draw | undefined | Promise<Draw | undefined> {
  const estimate = () =>
    asks === undefined ? 0 : likelyTokens(services, exchange, asks, operation);
  return exchange.admission?.draw(candidate.provider.name, candidate.model, estimate);
}

function endWhenLost(running: ProviderCall, lost: AbortSignal): void {
  const end = () => running.abort(lost.reason);
  if (lost.aborted) end();
  else lost.addEventListener('abort', end, { once: true });
}

/** A model that has failed too often rests; others may do. */
function restsNow(refusal: RpcError, provider: string, forMs: number): RpcError {
  return apiError('unavailable', refusal.message, {
    status: 503,
    provider,
    reason: 'circuit_open',
    retryable: true,
    ...(forMs === 0 ? {} : { retryAfterMs: forMs }),
  });
}

/** Writes a request for one provider; what it can't be told leads to the next candidate. */
export function fitted<T>(write: () => T): T {
  try {
    return write();
  } catch (reason) {
    throw unfitting(reason);
  }
}

/** Sends an operation to the attempt's provider; gives the head of its answer. */
export function send(
  { services, record, running }: Attempt,
  operation: Operation,
  body: string,
  dialect: Pick<Dialect, 'decodeError'>,
): Promise<HttpAnswer> {
  const { provider } = record.options.candidate;
  const { http } = services;
  running.waitHead();
  const outbound = provider.prepare(operation, body, running.signal);
  if (!(outbound instanceof Promise)) {
    return callProvider({ http, provider, dialect, call: running, outbound });
  }
  return outbound.then((prepared) =>
    callProvider({ http, provider, dialect, call: running, outbound: prepared }),
  );
}

/** Reads a whole answer: its bytes, and what they say. Throws `data_loss`, retryable, unless it is JSON. */
export async function readWhole(
  step: Attempt,
  answer: HttpAnswer,
): Promise<{ bytes: Uint8Array; answer: unknown }> {
  const { name } = step.record.options.candidate.provider;
  const bytes = await readAnswer(answer, name);
  step.running.received();
  step.record.firstToken();
  return { bytes, answer: parseAnswer(bytes, name) };
}

/** Ends a good attempt whose answer was whole; a promise where its cost is to be looked up first. */
export function settleWhole(
  { exchange, record, running, input }: Attempt,
  answer: unknown,
): Promise<void> | undefined {
  running[Symbol.dispose]();
  record.end('ok', undefined, () => ({
    input,
    output: JSON.stringify(answer),
    outputShare: 1,
  }));
  return exchange.costKnown;
}

/**
 * The headers that tell where an answer is from and what was changed on the way; of the provider's
 * own headers, those that tell its limits, its time and its id of the request.
 */
export function answerHeaders(
  { exchange, record, services }: Attempt,
  notes: readonly TranslationNote[],
  provider?: HttpHeaders,
): Record<string, string> {
  const { candidate } = record.options;
  const headers: Record<string, string> = {
    'x-request-id': exchange.requestId,
    'x-zeke-provider': candidate.provider.name,
    'x-zeke-model': headerText(candidate.model),
    'x-zeke-strategy': exchange.strategy ?? 'single',
    'x-zeke-attempts': String(exchange.attempts),
  };
  // Where Anthropic's clients look for it.
  if (record.options.callerDialect === 'anthropic-messages') {
    headers['request-id'] = exchange.requestId;
  }
  const found = exchange.guard?.trail.header;
  if (found !== undefined) headers['x-zeke-guardrails'] = found;
  // Who looks into the cache says so in its place.
  if (services.cache) headers['x-zeke-cache'] = 'bypass';
  const cost = record.ended ? costText(exchange) : undefined;
  if (cost !== undefined) headers['x-zeke-cost-usd'] = cost;
  const warning = record.hold?.warning;
  if (warning) headers['x-zeke-budget-warning'] = headerText(warning);
  if (notes.length > 0) headers['x-zeke-translation'] = translationHeader(notes);
  exchange.tellsProviderLimits = provider !== undefined && passOn(provider, headers);
  return headers;
}

const maxTranslationHeader = 2_000;

/** `dropped seed; mapped system (as a user message)`, in ASCII. */
function translationHeader(notes: readonly TranslationNote[]): string {
  const text = notes
    .map(({ field, action, how }) => `${action} ${field}${how ? ` (${how})` : ''}`)
    .join('; ');
  return headerText(text).slice(0, maxTranslationHeader);
}

/** Says in the log that a provider did not answer well. */
export function logAttempt({ services, exchange, record }: Attempt, error?: RpcError): void {
  const { candidate, attempt: count } = record.options;
  const level = error?.code === 'canceled' ? 'debug' : 'warn';
  services.log[level]('a provider did not answer well', {
    requestId: exchange.requestId,
    provider: candidate.provider.name,
    model: candidate.model,
    attempt: count,
    ...(error ? { code: error.code, err: error } : {}),
  });
}

function headerText(text: string): string {
  return notInHeaders.test(text) ? text.replaceAll(/[^\x20-\x7e]/g, '?') : text;
}

const notInHeaders = /[^\x20-\x7e]/;

const utf8 = new TextDecoder();

function parseAnswer(bytes: Uint8Array, provider: string): unknown {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below, together with JSON that is no object.
  }
  throw apiError('data_loss', `${provider} answered with something that is not JSON`, {
    status: 502,
    provider,
    reason: 'bad_provider_answer',
    retryable: true,
  });
}
