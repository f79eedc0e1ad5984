import type { HttpAnswer } from '@zeke/foundation/http-client';
import type {
  Dialect,
  EncodedRequest,
  EncodeResponseContext,
  EventEncoder,
  JsonObject,
  TranslationNote,
} from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import { isModelAllowed, modelNotAllowed } from '../governance/authenticate.ts';
import { EventGuard } from '../guardrails/event-guard.ts';
import { FrameGuard } from '../guardrails/frame-guard.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { holdsForeignToken } from '../neutral/signature.ts';
import type { Operation, OperationKind, Provider } from '../providers/provider.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import { planNeeds } from '../routing/needs.ts';
import type { Plan } from '../routing/plan.ts';
import { type RoutingRequest, readRouting } from '../routing/routing-request.ts';
import { sessionKey } from '../routing/session-key.ts';
import { tryCandidates } from '../routing/try-candidates.ts';
import { isOfUse, Usefulness } from '../routing/usefulness.ts';
import { heardBySpan } from '../telemetry/heard-by-span.ts';
import { answerContext } from './answer-context.ts';
import {
  type Attempt,
  answerHeaders,
  attempt,
  fitted,
  logAttempt,
  readWhole,
  send,
  settleWhole,
} from './attempt.ts';
import { type AskOne, askInTurn, carryOut } from './carry-out.ts';
import type { AnswerListener, ChatObserver, Followers } from './chat-observer.ts';
import { checkCounts } from './check-counts.ts';
import { embedQuestion } from './embed-question.ts';
import type { Exchange } from './exchange.ts';
import { followedBy } from './followed-by.ts';
import { answerGuard, guardedWhole, guardRequest } from './guarded.ts';
import { judgedStream } from './judged-stream.ts';
import { answerMerged } from './merged-answer.ts';
import { type OutgoingBody, passedBody, translatedBody } from './outgoing-body.ts';
import { PassThrough } from './pass-through.ts';
import { privacyRule } from './privacy-rule.ts';
import { limitDialect } from './route-facts.ts';
import type { Services } from './services.ts';
import { streamAnswer } from './stream-answer.ts';
import { streamCost } from './stream-cost.ts';
import type { StreamTransform } from './stream-transform.ts';
import { takeRouting } from './take-routing.ts';
import { answerTellingLimits } from './tell-limits.ts';
import { Translation } from './translation.ts';
import { answerUpgradable } from './upgradable-answer.ts';

/** A request for an answer, as far as its endpoint has read it. */
export interface ChatCall {
  dialect: Dialect;
  /** The body as it came, and parsed. */
  text: string;
  body: JsonObject;
  /** As the caller named it. */
  model: string;
  stream: boolean;
  /** True where the model's name stands in the body and is to be replaced there. */
  modelInBody: boolean;
  /** All that the request holds, where that is more than its body: what was said before, kept here. */
  asks?: JsonObject;
  /** Headers that go along in a pass-through. */
  forwardHeaders?: Readonly<Record<string, string>>;
  /** False where even the same dialect must be decoded and encoded again. */
  mayPassThrough: boolean;
  /** Only this provider can answer: it keeps what the request refers to. */
  onlyProvider?: string;
  decode(): ChatRequest;
  /** What `decode` had to change or leave out. */
  notes?: readonly TranslationNote[];
  /** How a provider is asked, where that is not over its chat endpoint. */
  via?(provider: Provider): Via | undefined;
  /** For an endpoint that answers in a shape of its own; else the dialect's. */
  createEncoder?(context: EncodeResponseContext): EventEncoder;
  encodeWhole?(response: ChatResponse, context: EncodeResponseContext): JsonObject;
  /** Sees what the caller is answered, to keep it. */
  observer?: ChatObserver;
  /** Hears the answer in neutral form. */
  listener?: AnswerListener;
}

/** How a provider is asked. */
export interface Via {
  kind: OperationKind;
  /** How its answer is read. */
  target: Dialect;
  /** The caller's bytes go through. */
  passes: boolean;
  /** Writes the body, where it is not the dialect's request for an answer. */
  encode?(candidate: Candidate): EncodedRequest;
}

/** Answers a request for an answer: finds who can, asks, translates where needed, accounts. */
export function answerChat(
  services: Services,
  exchange: Exchange,
  call: ChatCall,
): Promise<Response> {
  exchange.requestedModel = call.model;
  checkCounts(call.body, services.limits);
  const turn = call.stream ? exchange.visit?.enterStream() : undefined;
  return turn === undefined
    ? answerNow(services, exchange, call)
    : turn.then(() => answerNow(services, exchange, call));
}

function answerNow(services: Services, exchange: Exchange, call: ChatCall): Promise<Response> {
  const routing = readRouting(call.body, exchange.request.headers);
  if (routing) takeRouting(routing, call, exchange);
  // Bytes that go through have no room for it.
  if (exchange.includesCost && call.stream) call.mayPassThrough = false;
  const found = services.catalog.resolve(call.model);
  return found instanceof Promise
    ? found.then((candidates) => askCandidates(services, exchange, call, routing, candidates))
    : askCandidates(services, exchange, call, routing, found);
}

function askCandidates(
  services: Services,
  exchange: Exchange,
  call: ChatCall,
  routing: RoutingRequest | undefined,
  found: Candidate[],
): Promise<Response> {
  const candidates = allowedCandidates(exchange, call, found);
  if (!services.guardrails) return askUnderRules(services, exchange, call, routing, candidates);
  return guardRequest(services, exchange, call, candidates).then((left) =>
    askUnderRules(services, exchange, call, routing, left),
  );
}

/** Asks candidates that may get the request as it is now. */
function askUnderRules(
  services: Services,
  exchange: Exchange,
  call: ChatCall,
  routing: RoutingRequest | undefined,
  candidates: Candidate[],
): Promise<Response> {
  const { cache } = services;
  // What may be taken back is neither kept nor shared.
  const mayChange = call.stream && routing?.upgrade === true;
  if (!cache || mayChange || exchange.guard?.mayNotShare(candidates))
    return askAllowed(services, exchange, call, routing, candidates);
  return cache.answer({
    services,
    exchange,
    call,
    routing,
    candidates,
    guard: exchange.guard?.fingerprint,
    embed: (model, text, signal) =>
      embedQuestion(services, exchange, call, { model, text, signal }),
    passes: candidates.some((candidate) => overChat(call, candidate).passes),
    ask: () => askAllowed(services, exchange, call, routing, candidates),
  });
}

/** Asks candidates that the caller may use. */
function askAllowed(
  services: Services,
  exchange: Exchange,
  call: ChatCall,
  routing: RoutingRequest | undefined,
  candidates: Candidate[],
): Promise<Response> {
  const askOne = askerOf(services, exchange, call);
  const signal = exchange.client ?? exchange.request.signal;
  const alias = services.catalog.alias(call.model);
  const isPlain = candidates.length === 1 || alias?.strategy === 'fallback';
  if (!routing && isPlain && !alias?.stickiness) {
    if (alias) exchange.strategy = alias.strategy;
    return tryCandidates(candidates, signal, askOne, services.retries);
  }
  const { body, decode, model } = call;
  const { headers } = exchange.request;
  const { caller } = exchange;
  const session = sessionKey({ model, alias, routing, caller, headers, body, decode });
  if (session !== undefined) exchange.session = session;
  const { privacy } = services;
  const isLocalOnly = privacyRule(services, exchange) !== undefined;
  const { catalog, planner } = services;
  const { inputTokens, lack } = planNeeds(call.text, body, (candidate) => catalog.told(candidate));
  const askAsPlanned = (plan: Plan): Promise<Response> => {
    exchange.strategy = plan.strategy;
    const { merge } = plan;
    const upgrades = call.stream && routing?.upgrade === true;
    if (plan.atOnce === 1 && !merge && !upgrades) {
      return askInTurn(services, plan, signal, session, askOne);
    }
    const options = { services, exchange, call, plan, client: signal };
    const asker = (of: ChatCall) => askerOf(services, exchange, of);
    const answered = merge
      ? answerMerged({ ...options, merge })
      : upgrades
        ? answerUpgradable({ ...options, session, asker })
        : carryOut(plan, call, signal, askOne);
    return answered.then(({ candidate, response }) => {
      planner.answered(candidate, session);
      return response;
    });
  };
  const plan = planner.plan({
    model,
    alias,
    routing,
    candidates,
    session,
    inputTokens,
    lack,
    privacy,
    isLocalOnly,
  });
  return plan instanceof Promise ? plan.then(askAsPlanned) : askAsPlanned(plan);
}

/** Asks a candidate for an answer to the call. */
function askerOf(services: Services, exchange: Exchange, call: ChatCall): AskOne {
  let decoded: ChatRequest | undefined;
  return (candidate, number, entry, followers) => {
    const via = call.via?.(candidate.provider) ?? overChat(call, candidate);
    const options = {
      candidate,
      requestedModel: call.model,
      operation: via.kind,
      callerDialect: call.dialect.name,
      providerDialect: via.target.name,
      streamed: call.stream,
      attempt: number,
      asks: call.asks ?? call.body,
    };
    const asked = followers === undefined ? call : followedBy(call, followers);
    const decode = () => {
      decoded ??= call.decode();
      return decoded;
    };
    return attempt(
      services,
      exchange,
      options,
      call.text,
      (step) => ask(step, asked, via, decode),
      entry,
    );
  };
}

function overChat(call: ChatCall, { provider, model }: Candidate): Via {
  const spoken = provider.dialectsOf?.(model) ?? provider.dialects;
  // A token of another provider, which an earlier answer carried, has to be taken out again.
  const passes =
    call.mayPassThrough && spoken.includes(call.dialect.name) && !holdsForeignToken(call.text);
  return { kind: 'chat', target: passes ? call.dialect : dialects[spoken[0]], passes };
}

/** The candidates that this caller may use and that have what the request refers to. */
export function allowedCandidates(
  exchange: Exchange,
  call: Pick<ChatCall, 'model' | 'onlyProvider'>,
  candidates: Candidate[],
): Candidate[] {
  const { onlyProvider } = call;
  const reachable = onlyProvider
    ? candidates.filter(({ provider }) => provider.name === onlyProvider)
    : candidates;
  if (reachable.length === 0) {
    throw apiError(
      'invalid_argument',
      `the earlier answer is kept by ${onlyProvider}, and ${call.model} is not a model there`,
      { param: 'previous_response_id' },
    );
  }
  const { caller } = exchange;
  if (!caller.allowedModels) return reachable;
  const namesOf = ({ provider, model }: Candidate) => [call.model, `${provider.name}/${model}`];
  const allowed = reachable.filter((candidate) => isModelAllowed(caller, namesOf(candidate)));
  if (allowed.length === 0) throw modelNotAllowed(call.model);
  return allowed;
}

/** Asks one provider. */
async function ask(
  step: Attempt,
  asked: ChatCall,
  via: Via,
  decode: () => ChatRequest,
): Promise<Response> {
  const { span } = step.record;
  const call = span ? heardBySpan(asked, span, decode) : asked;
  const { candidate } = step.record.options;
  const { kind, passes, target } = via;
  const operation: Operation = {
    kind,
    dialect: target.name,
    model: candidate.model,
    stream: call.stream,
    ...(passes && call.forwardHeaders ? { forwardHeaders: call.forwardHeaders } : {}),
  };
  const outgoing = passes
    ? passedBody(call, candidate, target)
    : writtenBody(via, candidate, operation, call.body, decode);
  if (!passes && call.notes) outgoing.notes = [...call.notes, ...outgoing.notes];
  call.listener?.begin(candidate, passes);
  const response = await send(step, operation, outgoing.body, target);
  return call.stream
    ? streamed(step, call, response, via, outgoing)
    : whole(step, call, response, via, outgoing);
}

function heardBy(
  { listener, observer }: Followers,
  usefulness: Usefulness | undefined,
): (event: ChatEvent) => void {
  return (event) => {
    observer?.event(event);
    usefulness?.hear(event);
    listener?.event(event);
  };
}

/** What is wrong with the request itself is told as it is: no other provider could take it. */
function writtenBody(
  { encode, target }: Via,
  candidate: Candidate,
  operation: Operation,
  given: JsonObject,
  decode: () => ChatRequest,
): OutgoingBody {
  if (encode) {
    const { body, notes } = fitted(() => encode(candidate));
    return { body: JSON.stringify(body), notes };
  }
  const request = decode();
  return fitted(() => translatedBody(request, candidate, target, operation, given));
}

type ResponseBody = NonNullable<ConstructorParameters<typeof Response>[0]>;

async function streamed(
  step: Attempt,
  call: ChatCall,
  response: HttpAnswer,
  { passes, target }: Via,
  { notes, withhold }: OutgoingBody,
): Promise<Response> {
  const { services, record, running, input } = step;
  const guard = answerGuard(step);
  // What may yet be refused as a whole is not kept.
  const { listener, observer } = guard?.waitsForEnd ? { listener: undefined } : call;
  const context = answerContext(step.exchange, call, step.record.options.candidate);
  const usefulness = step.entry && new Usefulness(step.entry.minUsefulTokens);
  const transform: StreamTransform = passes
    ? new PassThrough({
        dialect: target,
        context,
        ...(withhold ? { withhold } : {}),
        guard: guard && new FrameGuard(guard, target),
        ...(usefulness ? { listener: usefulness } : {}),
        onEvent: listener && ((event) => listener.event(event)),
        ...(observer
          ? { onFirst: (first) => observer.passed(record.options.candidate, first) }
          : {}),
      })
    : new Translation({
        from: target,
        encoder: call.createEncoder?.(context) ?? call.dialect.createEventEncoder(context),
        guard: guard && new EventGuard(guard),
        ...(step.exchange.includesCost ? { costOf: await streamCost(step) } : {}),
        ...(observer || listener || usefulness
          ? { onEvent: heardBy({ listener, observer }, usefulness) }
          : {}),
      });
  const stream = await streamAnswer({
    response,
    call: running,
    record,
    transform,
    input,
    idleTimeoutMs: services.limits.idleTimeoutMs,
    ...(usefulness ? { listener: usefulness } : {}),
    drain: services.limits.drainOnDisconnect === 'drain',
    onEnd: (error) => {
      if (error) logAttempt(step, error);
      else if (!passes) observer?.streamEnd(context);
      listener?.end(error);
    },
  });
  if (usefulness?.endedEmpty) step.entry?.endedEmpty?.();
  const headers = answerHeaders(step, notes, response.headers);
  headers['content-type'] = call.dialect.contentType.stream;
  headers['cache-control'] = 'no-cache';
  const body = guard?.waitsForEnd
    ? judgedStream(stream, guard, (error) => transform.fail(error))
    : stream;
  return answerTellingLimits(
    step.exchange,
    body as ResponseBody,
    headers,
    limitDialect(call.dialect.name),
  );
}

async function whole(
  step: Attempt,
  call: ChatCall,
  response: HttpAnswer,
  { passes, target }: Via,
  { notes }: OutgoingBody,
): Promise<Response> {
  const { record } = step;
  const { bytes, answer } = await readWhole(step, response);
  const fault = target.errorOfAnswer(answer);
  if (fault) throw fault;
  const usage = target.readUsage(answer);
  if (usage) {
    record.usage = usage;
    record.usageKnown = true;
  }
  if (step.entry && !isOfUse(target.decodeResponse(answer))) step.entry.endedEmpty?.();
  const guard = answerGuard(step);
  const guarded = guard && (await guardedWhole(guard, bytes, answer));
  const told = guarded ? guarded.answer : answer;
  const body = passes ? (guarded?.bytes ?? bytes) : translatedAnswer(step, call, target, told);
  if (passes) {
    call.observer?.passed(record.options.candidate, told);
    call.listener?.whole(() => target.decodeResponse(told));
  }
  const priced = settleWhole(step, answer);
  if (priced instanceof Promise) await priced;
  const headers = answerHeaders(step, notes, response.headers);
  headers['content-type'] = call.dialect.contentType.whole;
  return answerTellingLimits(
    step.exchange,
    body as ResponseBody,
    headers,
    limitDialect(call.dialect.name),
  );
}

function translatedAnswer(step: Attempt, call: ChatCall, target: Dialect, answer: unknown): string {
  const context = answerContext(step.exchange, call, step.record.options.candidate);
  const response = target.decodeResponse(answer);
  const encoded =
    call.encodeWhole?.(response, context) ?? call.dialect.encodeResponse(response, context);
  call.observer?.whole(encoded);
  call.listener?.whole(() => response);
  return JSON.stringify(encoded);
}
