import type { Span } from '@zeke/foundation';
import type { Dialect, JsonObject, TranslationNote } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import type { Usage } from '../neutral/usage.ts';
import type { Operation } from '../providers/provider.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import { type Attempt, attempt, fitted, readWhole, send, settleWhole } from './attempt.ts';
import type { ChatCall } from './chat-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { answerGuard, guardedQuestion, guardedWhole } from './guarded.ts';
import { translatedBody } from './outgoing-body.ts';
import type { Services } from './services.ts';

export interface WholeQuestion {
  services: Services;
  exchange: Exchange;
  call: Pick<ChatCall, 'body' | 'dialect' | 'forwardHeaders' | 'model'>;
  /** What is asked; the caller's own request or another. Its answer comes whole. */
  request: ChatRequest;
  /** On the ledger. */
  operation: 'chat' | 'judge';
  /** What it holds, by which it is known what it may cost at most, and its text. */
  asks: JsonObject;
  input: string;
  /** Spans of the answers that it is about. */
  links?: readonly (Span | undefined)[];
}

/** A whole answer in neutral form. */
export interface WholeAnswer {
  step: Attempt;
  response: ChatResponse;
  /** What the provider said it used, or what was counted. */
  usage: Usage;
  notes: readonly TranslationNote[];
}

/**
 * One attempt at one candidate, as any other is: with its clocks, its budgets, its figures and its row
 * on the ledger. `lost` ends it. Rejects with RpcError.
 */
export function askWhole(
  question: WholeQuestion,
  candidate: Candidate,
  number: number,
  lost: AbortSignal,
): Promise<WholeAnswer> {
  const { asks, call, exchange, input, operation, services } = question;
  const target = targetOf(call.dialect, candidate);
  const options = {
    candidate,
    requestedModel: call.model,
    operation,
    callerDialect: call.dialect.name,
    providerDialect: target.name,
    streamed: false,
    attempt: number,
    asks,
  };
  const entry = { minUsefulTokens: 0, lost };
  return attempt(
    services,
    exchange,
    options,
    input,
    (step) => {
      // What candidates are asked has been looked at; a judge is somebody else.
      if (operation !== 'judge' || !exchange.guard) return ask(step, question, candidate, target);
      return guardedQuestion(exchange, question.request, candidate).then((request) =>
        ask(step, { ...question, request }, candidate, target),
      );
    },
    entry,
  );
}

/** The caller's own dialect where the provider speaks it: then most of the request is kept. */
function targetOf({ name }: Dialect, { model, provider }: Candidate): Dialect {
  const spoken = provider.dialectsOf?.(model) ?? provider.dialects;
  return dialects[spoken.includes(name) ? name : spoken[0]];
}

async function ask(
  step: Attempt,
  { call, links, request }: WholeQuestion,
  candidate: Candidate,
  target: Dialect,
): Promise<WholeAnswer> {
  const { span } = step.record;
  span?.asked(request);
  for (const other of links ?? []) if (other) span?.span.link(other);
  const operation: Operation = {
    kind: 'chat',
    dialect: target.name,
    model: candidate.model,
    stream: false,
    ...(target.name === call.dialect.name && call.forwardHeaders
      ? { forwardHeaders: call.forwardHeaders }
      : {}),
  };
  const { body, notes } = fitted(() =>
    translatedBody(request, candidate, target, operation, call.body),
  );
  const head = await send(step, operation, body, target);
  const { bytes, answer } = await readWhole(step, head);
  const fault = target.errorOfAnswer(answer);
  if (fault) throw fault;
  const guard = answerGuard(step);
  const told = guard ? (await guardedWhole(guard, bytes, answer)).answer : answer;
  const response = target.decodeResponse(told);
  step.record.span?.whole(() => response);
  const usage = await usageOf(step, target, answer);
  const priced = settleWhole(step, answer);
  if (priced instanceof Promise) await priced;
  return { step, response, usage, notes };
}

/** Counted here where the provider does not say, as the caller is told the sum. */
async function usageOf(
  { input, record, services }: Attempt,
  target: Dialect,
  answer: unknown,
): Promise<Usage> {
  const texts = () => ({ input, output: JSON.stringify(answer), outputShare: 1 });
  try {
    record.usage = target.readUsage(answer) ?? (await services.estimateUsage(texts));
    record.usageKnown = true;
    return record.usage;
  } catch {
    // The end of the attempt counts again, and logs that it failed.
    return { input: 0, output: 0, estimated: true };
  }
}
