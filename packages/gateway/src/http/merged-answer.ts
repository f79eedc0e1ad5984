import { RpcError } from '@zeke/rpc';
import type { EncodeResponseContext, JsonObject } from '../dialects/dialect.ts';
import { callerName } from '../dialects/field-names.ts';
import { dialects } from '../dialects/index.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { ChatChoice, ChatResponse } from '../neutral/chat-response.ts';
import { replayResponse } from '../neutral/replay-response.ts';
import type { Usage } from '../neutral/usage.ts';
import { gather } from '../routing/merge/gather.ts';
import { type Merged, mergeAnswers } from '../routing/merge/merge-answers.ts';
import type { MergePlan } from '../routing/merge/merge-plan.ts';
import { sumUsage } from '../routing/merge/sum-usage.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Plan } from '../routing/plan.ts';
import { tryCandidates } from '../routing/try-candidates.ts';
import { answerContext } from './answer-context.ts';
import { askWhole, type WholeAnswer } from './ask-whole.ts';
import { answerHeaders } from './attempt.ts';
import type { ChatCall } from './chat-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { judgeCandidates } from './judge-candidates.ts';
import type { Services } from './services.ts';

export interface MergeCall {
  services: Services;
  exchange: Exchange;
  call: ChatCall;
  plan: Plan;
  merge: MergePlan;
  client: AbortSignal;
}

/**
 * Asks several candidates for whole answers and gives out one: that of one of them, or one made of
 * several, in the caller's dialect and as a stream where it asked for one. Its usage is what all
 * answers that came have used, and the judge.
 * @throws RpcError invalid_argument for a request that wants several answers, is no chat or goes on with
 * what a provider keeps, and what candidates failed with where no answer came.
 */
export async function answerMerged(
  options: MergeCall,
): Promise<{ candidate: Candidate; response: Response }> {
  const { call, client, exchange, merge, plan, services } = options;
  const request = mergeableRequest(call);
  const judges = await judgeCandidates(services, exchange, call.model, merge);
  const asks = call.asks ?? call.body;
  const question = { services, exchange, call, request, asks, input: call.text };
  const answers = await gather({
    ...plan,
    waitMs: merge.waitMs,
    client,
    ask: (candidate, number, lost) =>
      askWhole({ ...question, operation: 'chat' }, candidate, number, lost),
  });
  if (client.aborted) throw new RpcError('canceled', 'the client left');
  let verdict: WholeAnswer | undefined;
  const merged = await mergeAnswers({
    kind: merge.kind,
    request,
    answers,
    ask: async (asked) => {
      verdict = await askJudge(options, judges, asked, answers);
      return verdict.response;
    },
  });
  if (client.aborted) throw new RpcError('canceled', 'the client left');
  if (merged.why !== undefined) tellFallback(options, merged.why);
  const told = merged.kind === 'synthesize' && verdict ? verdict : merged.winner;
  const usage = sumUsage([...answers, ...(verdict ? [verdict] : [])].map((each) => each.usage));
  const { candidate } = told.step.record.options;
  const answer: ChatResponse = {
    // It is nobody's answer but ours.
    id: '',
    model: candidate.model,
    createdAtMs: exchange.atMs,
    choices: [choiceOf(merged)],
    usage: withCost(usage, exchange),
  };
  return { candidate, response: encoded(options, merged, told, answer) };
}

/** A stream tells what all has cost where that is wanted; of a whole answer a header does. */
function withCost(usage: Usage, { costMicroUsd, includesCost }: Exchange): Usage {
  return includesCost && costMicroUsd !== undefined ? { ...usage, costMicroUsd } : usage;
}

/** The request in neutral form. */
function mergeableRequest(call: ChatCall): ChatRequest {
  if (call.via) {
    throw apiError('invalid_argument', 'parallel_merge: only answers to chats can be merged', {
      param: 'omen.strategy',
      reason: 'invalid_routing',
    });
  }
  if (call.onlyProvider !== undefined) {
    const param = 'previous_response_id';
    const what = `${call.onlyProvider} keeps the earlier answer, and parallel_merge asks others, too`;
    throw apiError('invalid_argument', `${param}: ${what}`, { param });
  }
  const request = call.decode();
  if ((request.choiceCount ?? 1) > 1) {
    const { fieldNames } = dialects[request.extensions.dialect];
    const param = callerName(fieldNames, 'choiceCount', call.body);
    throw apiError('invalid_argument', `${param}: parallel_merge gives one answer; ask for 1`, {
      param,
    });
  }
  return { ...request, stream: false };
}

/** Rejects where no judge answers. */
async function askJudge(
  { call, client, exchange, merge, services }: MergeCall,
  judges: readonly Candidate[],
  request: ChatRequest,
  answers: readonly WholeAnswer[],
): Promise<WholeAnswer> {
  const limit = new AbortController();
  const late = () =>
    limit.abort(new RpcError('canceled', 'the judge was not waited for any longer'));
  const timer = merge.waitMs === undefined ? undefined : setTimeout(late, merge.waitMs);
  const { maxOutputTokens, messages, system } = request;
  const asks: JsonObject = {
    system,
    messages,
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
  };
  const input = JSON.stringify(asks);
  const links = answers.map(({ step }) => step.record.span?.span);
  const about = { services, exchange, call, request, asks, input, links };
  const question = { ...about, operation: 'judge' } as const;
  const before = exchange.attempts;
  try {
    return await tryCandidates(judges, client, (candidate, number) =>
      askWhole(question, candidate, before + number, limit.signal),
    );
  } finally {
    clearTimeout(timer);
  }
}

function tellFallback({ call, exchange, merge, services }: MergeCall, why: string): void {
  services.log.warn('answers were not merged: the best-ranked one is given', {
    requestId: exchange.requestId,
    model: call.model,
    merge: merge.kind,
    why,
  });
}

/** The winner's answer, or the text that was made of several. */
function choiceOf({ text, winner }: Merged<WholeAnswer>): ChatChoice {
  const [own] = winner.response.choices;
  if (own !== undefined && text === undefined) return own;
  return { parts: [{ type: 'text', text: text ?? '' }], finishReason: 'stop' };
}

function encoded(
  { call, exchange }: MergeCall,
  { kind, winner }: Merged<WholeAnswer>,
  told: WholeAnswer,
  answer: ChatResponse,
): Response {
  const { candidate } = told.step.record.options;
  const context = answerContext(exchange, call, candidate);
  const headers = answerHeaders(told.step, [...(call.notes ?? []), ...winner.notes]);
  headers['x-zeke-attempts'] = String(exchange.attempts);
  headers['x-zeke-merge'] = kind;
  if (kind === 'fallback') call.listener?.end(notMerged());
  else call.listener?.begin(candidate, false);
  if (call.stream) {
    headers['content-type'] = call.dialect.contentType.stream;
    headers['cache-control'] = 'no-cache';
    return new Response(streamText(call, answer, context), { headers });
  }
  headers['content-type'] = call.dialect.contentType.whole;
  const body = call.dialect.encodeResponse(answer, context);
  call.observer?.whole(body);
  call.listener?.whole(() => answer);
  return new Response(JSON.stringify(body), { headers });
}

/** The next request may be luckier: an answer that is only the second best is not told to others. */
function notMerged(): RpcError {
  return new RpcError('unavailable', 'answers could not be merged', { retryable: true });
}

/** A stream of one piece: the answer is there. */
function streamText(call: ChatCall, answer: ChatResponse, context: EncodeResponseContext): string {
  const { dialect, listener, observer } = call;
  const encoder = dialect.createEventEncoder(context);
  let text = '';
  for (const event of replayResponse(answer)) {
    observer?.event(event);
    listener?.event(event);
    text += encoder.push(event);
  }
  observer?.streamEnd(context);
  listener?.end(undefined);
  return text;
}
