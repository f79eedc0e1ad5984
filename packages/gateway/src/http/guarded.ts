import type { JsonObject } from '../dialects/dialect.ts';
import type { AnswerGuard } from '../guardrails/answer-guard.ts';
import type { Guardrails } from '../guardrails/guardrails.ts';
import type { Checked, RequestGuard } from '../guardrails/request-guard.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Attempt } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/** A request's body, and how its model is called. */
export interface GuardedBody {
  /** As it came, and parsed: both are changed where something is redacted. */
  text: string;
  readonly body: JsonObject;
  readonly model: string;
  /** All that the request holds, where that is more than its body. */
  readonly asks?: JsonObject | undefined;
}

/**
 * Holds a request to the rules, before it goes anywhere: what may not go out is replaced in `call`, and
 * candidates that may not get it are left out.
 * @throws RpcError invalid_argument that names the rule and the field, or permission_denied that names the policy,
 * where none may.
 */
export async function guardRequest(
  services: Services,
  exchange: Exchange,
  call: GuardedBody,
  candidates: Candidate[],
): Promise<Candidate[]> {
  const { guardrails } = services;
  if (!guardrails) return candidates;
  const guard = beginGuard(guardrails, exchange, call.model);
  const { asks = call.body } = call;
  const json = asks === call.body ? call.text : JSON.stringify(asks);
  const { candidates: left, redact } = await checked(exchange, guard.check(json, asks, candidates));
  if (redact) {
    call.text = redact(call.text);
    exchange.kept?.prompt(call.text);
    if (asks !== call.body) replaceMembers(asks, JSON.parse(redact(json)));
    replaceMembers(call.body, JSON.parse(call.text));
  }
  return left;
}

/**
 * A question of our own about a caller's request, as it may go to this candidate.
 * @throws RpcError invalid_argument where it may not.
 */
export async function guardedQuestion(
  { guard }: Exchange,
  request: ChatRequest,
  candidate: Candidate,
): Promise<ChatRequest> {
  if (!guard) return request;
  const json = JSON.stringify(request);
  const { redact } = await guard.check(json, request, [candidate]);
  return redact ? JSON.parse(redact(json)) : request;
}

/** How the answer of an attempt is looked at; undefined where it is not. */
export function answerGuard({ exchange, record }: Attempt): AnswerGuard | undefined {
  return exchange.guard?.answerOf(record.options.candidate);
}

const utf8 = new TextDecoder();

/**
 * A whole answer as it may go out.
 * @throws RpcError permission_denied that names the rule, where it may not.
 */
export async function guardedWhole(
  guard: AnswerGuard,
  bytes: Uint8Array,
  answer: unknown,
): Promise<{ bytes: Uint8Array; answer: unknown }> {
  const json = utf8.decode(bytes);
  const text = await guard.whole(json);
  return text === json ? { bytes, answer } : { bytes: Buffer.from(text), answer: JSON.parse(text) };
}

/** Begins to hold a request to the rules. */
export function beginGuard(
  guardrails: Guardrails,
  exchange: Exchange,
  model: string,
): RequestGuard {
  const { caller, client, request, requestId, sessionId } = exchange;
  const guard = guardrails.begin({
    requestId,
    caller,
    model,
    session: placeName(sessionId ?? request.headers.get('x-session-id')),
    project: placeName(request.headers.get('x-project')),
    client: client ?? request.signal,
  });
  exchange.guard = guard;
  return guard;
}

/** What rules refuse is not kept either. */
export async function checked({ kept }: Exchange, check: Promise<Checked>): Promise<Checked> {
  try {
    return await check;
  } catch (reason) {
    kept?.prompt('');
    throw reason;
  }
}

/** The longest name of a session or project that consent may be given for. */
const maxNameChars = 256;

function placeName(given: string | null | undefined): string | undefined {
  const name = given?.trim();
  return name && name.length <= maxNameChars ? name : undefined;
}

/** Others hold the same object. */
function replaceMembers(object: JsonObject, by: JsonObject): void {
  for (const name of Object.keys(object)) delete object[name];
  Object.assign(object, by);
}
