import { type HttpAnswer, type HttpSender, readAll } from '@zeke/foundation/http-client';
import { RpcError } from '@zeke/rpc';
import type { Dialect } from '../dialects/dialect.ts';
import { type ApiErrorInfo, apiError, apiErrorInfo, shuttingDown } from '../neutral/api-error.ts';
import type { Watch, Watchdog, Watched } from '../routing/watchdog.ts';
import { CredentialMask } from './credential-mask.ts';
import type { OutboundRequest, Provider } from './provider.ts';

/** The part of an error's body that is read, in bytes. */
const maxErrorBytes = 64 * 1024;
/** The largest whole answer that is taken from a provider, in bytes. */
const maxAnswerBytes = 256 * 1024 * 1024;

export interface ProviderCallOptions {
  watchdog: Watchdog;
  client: AbortSignal;
  /** How long the provider may take to its first token, or to its answer where that comes whole. */
  answerWithinMs: number;
  provider: string;
  /** When the client leaves, the call may go on for this long; 0 cancels it at once. */
  drainMs: number;
  /** Ends such a drain early. */
  stopping?: AbortSignal;
  /** Called once when the client leaves. */
  onLeave?: () => void;
}

/**
 * One call to a provider and its clock. `signal` aborts when the client leaves, when the clock runs
 * out or when `abort` is called; its reason says why, as the error to tell.
 */
export class ProviderCall implements Disposable, EventListenerObject, Watched {
  readonly #controller = new AbortController();
  readonly #options: ProviderCallOptions;
  readonly #watch: Watch;
  /** Of the last answer whose head came. */
  httpStatus: number | undefined;
  /** Tells the provider of the trace, where it is told. */
  traceHeaders: Readonly<Record<string, string>> | undefined;
  /** Hears that a wait for the client was ended, and why. */
  onClientWaitEnd: ((error: RpcError) => void) | undefined;
  /** The wait that the clock now measures. */
  #waitsFor: 'answer' | 'more' | 'client' | 'drain' = 'answer';
  #limitMs: number;
  #left = false;
  #disposed = false;
  #outbound: OutboundRequest | undefined;
  #mask: CredentialMask | undefined;

  constructor(options: ProviderCallOptions) {
    const { answerWithinMs, client, watchdog } = options;
    this.#options = options;
    this.#limitMs = answerWithinMs;
    this.#watch = watchdog.watch(answerWithinMs, this);
    if (client.aborted) this.leave();
    else client.addEventListener('abort', this);
  }

  /** Where the last request went. */
  get url(): string | undefined {
    return this.#outbound?.url;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The client left: cancels the call, at once or at the end of the drain. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { drainMs, onLeave, stopping } = this.#options;
    onLeave?.();
    if (drainMs === 0 || stopping?.aborted) {
      this.#cut();
      return;
    }
    this.#wait('drain', drainMs);
    stopping?.addEventListener('abort', this);
  }

  /** Begins a wait for the head of an answer: for calls that are made of several requests. */
  waitHead(): void {
    this.#wait('answer', this.#options.answerWithinMs);
  }

  /** Begins a wait for the next bytes. */
  waitIdle(idleTimeoutMs: number): void {
    this.#wait('more', idleTimeoutMs);
  }

  /** Begins a wait for the client to take what is there. */
  waitClient(idleTimeoutMs: number): void {
    this.#wait('client', idleTimeoutMs);
  }

  /** The bytes came: no clock runs until the next wait. */
  received(): void {
    if (this.#waitsFor !== 'drain') this.#watch.clear();
  }

  abort(reason: RpcError): void {
    this.#controller.abort(reason);
  }

  /** The wait was too long. */
  expire(): void {
    switch (this.#waitsFor) {
      case 'drain':
        this.#cut();
        return;
      case 'client':
        this.#end(new RpcError('canceled', `the client took nothing for ${this.#limitMs} ms`));
        return;
      default:
        this.abort(silent(this.#options.provider, this.#limitMs, this.#waitsFor));
    }
  }

  /** The process ends, and its time for what is under way is over. */
  stop(): void {
    this.#end(shuttingDown());
  }

  /** The client left, or the process ends while the call goes on without one. */
  handleEvent(): void {
    if (this.#disposed) return;
    if (this.#left) this.#cut();
    else this.leave();
  }

  /** What a request is sent with is what its provider may not tell on. */
  sends(outbound: OutboundRequest): void {
    this.#outbound = outbound;
    this.#mask = undefined;
  }

  /** The mask over what the provider says to the request that was sent last. */
  get mask(): CredentialMask {
    this.#mask ??= new CredentialMask(this.#outbound ?? { url: '', headers: {} });
    return this.#mask;
  }

  /**
   * What a failed request or read means: our own reason to abort, else the provider's fault. An error
   * that was read of the provider's answer comes back fit to be told: without credentials, and with
   * the provider's name where a dialect, which does not know it, says `the provider`.
   */
  errorOf(reason: unknown): RpcError {
    if (this.signal.aborted && this.signal.reason instanceof RpcError) return this.signal.reason;
    if (reason instanceof RpcError) return toTell(reason, this.#options.provider, this.mask);
    const { provider } = this.#options;
    const what = reason instanceof Error && 'code' in reason ? ` (${String(reason.code)})` : '';
    return apiError('unavailable', `the connection to ${provider} failed${what}`, {
      status: 502,
      provider,
      retryable: true,
      cause: reason,
    });
  }

  /** Stops the clock and no longer heeds the client; a call under way goes on. */
  [Symbol.dispose](): void {
    // To take the listener off costs more than to leave it to the request, which ends soon.
    this.#disposed = true;
    this.#watch.clear();
    if (this.#left) this.#options.stopping?.removeEventListener('abort', this);
  }

  /** A drain has one clock from its begin to its end. */
  #wait(what: 'answer' | 'more' | 'client' | 'drain', limitMs: number): void {
    if (this.#waitsFor === 'drain') return;
    this.#waitsFor = what;
    this.#limitMs = limitMs;
    this.#watch.start(limitMs);
  }

  /** Also where nobody reads from the provider now, and so nobody sees the call's abort. */
  #end(error: RpcError): void {
    this.abort(error);
    if (this.#waitsFor === 'client') this.onClientWaitEnd?.(error);
  }

  #cut(): void {
    this.abort(new RpcError('canceled', 'the client left'));
  }
}

/**
 * Sends a request and waits for the head of its answer; once more with fresh credentials where
 * they are refused and others can be had. Throws RpcError for every status but 2xx, with the error's shape read by
 * the dialect, and the answer itself as its `refusal` but where the gateway's own credentials are
 * refused; what the client throws goes through, for `ProviderCall.errorOf`.
 */
export async function callProvider(options: {
  http: HttpSender;
  provider: Provider;
  dialect: Pick<Dialect, 'decodeError'>;
  call: ProviderCall;
  outbound: OutboundRequest;
}): Promise<HttpAnswer> {
  const { outbound, call } = options;
  const answer = await sendHead(options.http, outbound, call);
  call.httpStatus = answer.status;
  if (answer.ok) return answer;
  const { status } = answer;
  if (!outbound.renew || (status !== 400 && status !== 401 && status !== 403)) {
    throw await failureOf(answer, options);
  }
  // Whether a 400 is about the key, only its body tells.
  const told = status === 400 ? await failureOf(answer, options) : undefined;
  if (told && apiErrorInfo(told).reason !== 'provider_credentials') throw told;
  const again = await outbound.renew(answer, call.signal);
  if (!again) throw told ?? (await failureOf(answer, options));
  if (!told) answer.cancel();
  const second = await sendHead(options.http, again, call);
  call.httpStatus = second.status;
  if (second.ok) return second;
  throw await failureOf(second, options);
}

function sendHead(
  http: HttpSender,
  outbound: OutboundRequest,
  call: ProviderCall,
): Promise<HttpAnswer> {
  call.sends(outbound);
  const { url, method, body } = outbound;
  const { traceHeaders } = call;
  const headers = traceHeaders ? { ...outbound.headers, ...traceHeaders } : outbound.headers;
  return http.send({ url, method, headers, body, signal: call.signal });
}

/** A whole answer's bytes, within the limit. */
export function readAnswer(answer: HttpAnswer, provider: string): Promise<Uint8Array> {
  return readAll(answer, maxAnswerBytes, () =>
    apiError('data_loss', `the answer of ${provider} is over ${maxAnswerBytes} bytes`),
  );
}

async function failureOf(
  answer: HttpAnswer,
  { call, provider, dialect }: Parameters<typeof callProvider>[0],
): Promise<RpcError> {
  let text = '';
  try {
    text = await readStart(answer, maxErrorBytes, call.mask);
  } catch (reason) {
    if (call.signal.aborted) return call.errorOf(reason);
  }
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return apiError(
      'unavailable',
      `${provider.name} answered with a redirect (${status}), which is not followed; check its base_url`,
      {
        status: 502,
        provider: provider.name,
      },
    );
  }
  const error = call.errorOf(dialect.decodeError(status, answer.headers, text));
  return withProvider(error, status, provider);
}

/** A provider that refuses the gateway's own credentials is not the caller's fault. */
function withProvider(
  error: RpcError,
  status: number,
  { account, name: provider }: Provider,
): RpcError {
  const info = apiErrorInfo(error);
  if (refusesCredentials(error, status)) {
    const table = account ? `${provider}.api_keys.${account.label}` : provider;
    return apiError(
      'failed_precondition',
      `${provider} refused the gateway's credentials (HTTP ${status}): check providers.${table} in the configuration`,
      {
        status: 502,
        provider,
        reason: 'provider_credentials',
        retryable: true,
        cause: error,
        ...(info.providerCode === undefined ? {} : { providerCode: info.providerCode }),
      },
    );
  }
  return apiError(error.code, error.message, {
    ...info,
    provider,
    // What one account may not do, or one vendor will not, another may.
    retryable: error.retryable || error.code === 'permission_denied',
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/**
 * By status or by the dialect's reading: of the 403s, those only that speak of the key. Gemini and
 * xAI answer a wrong key with a 400: the first says so by a code, the other in words.
 */
function refusesCredentials(error: RpcError, status: number): boolean {
  if (status === 401 || error.code === 'unauthenticated') return true;
  return status === 400 && /^(incorrect|invalid) api key/i.test(error.message);
}

/**
 * The provider's error without the credentials that it was sent; `the provider`, as dialects have to
 * call it, by its name. What else holds a credential is left out.
 */
function toTell(error: RpcError, provider: string, mask: CredentialMask): RpcError {
  const message = mask.text(error.message.replace(/^the provider\b/, () => provider));
  const info: ApiErrorInfo & { cause?: unknown } = { ...apiErrorInfo(error), cause: error.cause };
  const cause = error.cause instanceof Error ? error.cause.message : '';
  const beside = `${info.param} ${info.providerCode} ${cause}`;
  const isClean = mask.text(beside) === beside;
  if (isClean && message === error.message) return error;
  if (!isClean) {
    delete info.param;
    delete info.providerCode;
    delete info.cause;
  }
  return apiError(error.code, message, { ...info, retryable: error.retryable });
}

/** The first bytes of a body as text, masked; the rest is left unread and the connection closed. */
async function readStart(
  answer: HttpAnswer,
  maxBytes: number,
  mask: CredentialMask,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (let chunk = await answer.read(); chunk; chunk = await answer.read()) {
    text += decoder.decode(chunk.subarray(0, maxBytes - length), { stream: true });
    length += chunk.length;
    if (length >= maxBytes) {
      answer.cancel();
      return mask.beginning(text);
    }
  }
  return mask.text(text);
}

function silent(provider: string, limitMs: number, before: 'answer' | 'more'): RpcError {
  const when = before === 'answer' ? 'before its answer' : 'in the middle of its answer';
  return apiError('deadline_exceeded', `${provider} was silent for ${limitMs} ms ${when}`, {
    status: 504,
    provider,
    reason: 'provider_timeout',
    retryable: true,
  });
}
