import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { type Better, contest, type Entry } from '../routing/contest.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Plan } from '../routing/plan.ts';
import { answerContext } from './answer-context.ts';
import type { AskOne } from './carry-out.ts';
import type { ChatCall } from './chat-endpoint.ts';
import { Held } from './chat-observer.ts';
import type { Exchange } from './exchange.ts';
import { followedBy } from './followed-by.ts';
import type { Services } from './services.ts';
import { upgradableBody } from './upgradable-body.ts';
import { FirstEncoder, SecondEncoder, type UpgradableEncoder } from './upgradable-encoders.ts';

export interface UpgradableCall {
  services: Services;
  exchange: Exchange;
  call: ChatCall;
  plan: Plan;
  client: AbortSignal;
  /** What the request's session is remembered by. */
  session: string | undefined;
  /** How candidates are asked for an answer to a call. */
  asker: (call: ChatCall) => AskOne;
}

interface Told {
  candidate: Candidate;
  response: Response;
  held: Held | undefined;
  /** Of the first candidate, and of all others. */
  first: FirstEncoder | undefined;
  second: SecondEncoder;
  abort: AbortController;
}

/**
 * A stream whose first answer may be taken back, once: the answer of the cheap candidate is given out as
 * it comes, and when another's is of use before it has ended, the stream says that all so far is void,
 * and goes on with the other. What is kept and cached is the one that counts.
 * @throws RpcError invalid_argument where the caller's dialect has no room to say so, where answers are
 * looked at as a whole first, and where another strategy than `speculate_k` is to be carried out.
 */
export async function answerUpgradable(
  options: UpgradableCall,
): Promise<{ candidate: Candidate; response: Response }> {
  const { plan } = options;
  if (plan.strategy !== 'speculate_k') {
    const why = `only an answer of speculate_k may be taken back, and the strategy is ${plan.strategy}`;
    throw refusal(why);
  }
  const { guard } = options.exchange;
  if (plan.candidates.some((candidate) => guard?.answerOf(candidate)?.waitsForEnd)) {
    throw refusal(
      'a guardrail looks at whole answers, so nothing is told that could be taken back',
    );
  }
  const shared = sharedEncoder(options);
  let better: Better<Told> | undefined;
  const winner = await contest<Told>({
    ...plan,
    client: options.client,
    ask: (candidate, number, entry) =>
      askOne(options, candidate, number, entry, () => better?.giveUp()),
    discard: ({ response }) => void response.body?.cancel().catch(() => undefined),
    onFirst: (given) => {
      better = given;
    },
  });
  const { candidate, first, held, response } = winner;
  const text = (first ?? winner.second).begin(shared);
  const whole = startingWith(text, response.body);
  if (first && better) {
    const body = bodyOf(options, shared, { ...winner, first }, whole, better);
    return { candidate, response: withBody(response, body) };
  }
  // Another was quicker than the first, or there is no other: nothing is given out that could be void.
  first?.settle();
  held?.release();
  return { candidate, response: withBody(response, whole) };
}

/** The one encoder that the caller hears. */
function sharedEncoder({ call, exchange, plan }: UpgradableCall): UpgradableEncoder {
  const [first] = plan.candidates;
  if (!first) throw new RpcError('internal', 'there is no candidate to ask');
  const context = answerContext(exchange, call, first);
  const encoder = call.createEncoder?.(context) ?? call.dialect.createEventEncoder(context);
  if (encoder.upgrade) return encoder as UpgradableEncoder;
  throw refusal('a stream of this API has no room to say that an answer was taken back');
}

function refusal(why: string): RpcError {
  const param = 'omen.upgrade';
  return apiError('invalid_argument', `${param}: ${why}`, { param, reason: 'invalid_routing' });
}

async function askOne(
  { asker, call }: UpgradableCall,
  candidate: Candidate,
  number: number,
  entry: Entry,
  onEnd: () => void,
): Promise<Told> {
  const held = call.observer || call.listener ? new Held() : undefined;
  const abort = new AbortController();
  const lost = AbortSignal.any([entry.lost, abort.signal]);
  const first = number === 1 ? new FirstEncoder(onEnd) : undefined;
  const second = new SecondEncoder();
  const told: ChatCall = {
    ...followedBy(call, held?.followers(call) ?? {}),
    mayPassThrough: false,
    createEncoder: () => first ?? second,
  };
  const response = await asker(told)(candidate, number, { ...entry, lost });
  return { candidate, response, held, first, second, abort };
}

function bodyOf(
  { services, session }: UpgradableCall,
  shared: UpgradableEncoder,
  { abort, candidate: from, first, held }: Told & { first: FirstEncoder },
  whole: ReadableStream<Uint8Array>,
  better: Better<Told>,
): ReadableStream<Uint8Array> {
  return upgradableBody<Told>({
    first: whole,
    better: better.answer,
    giveUp: () => better.giveUp(),
    takeOver: (answer) => {
      first.void();
      abort.abort(new RpcError('canceled', 'a better answer took its place'));
      const text = answer.second.takeOver(shared, {
        from: nameOf(from),
        to: nameOf(answer.candidate),
      });
      answer.held?.release();
      services.planner.answered(answer.candidate, session);
      return { text, rest: answer.response.body };
    },
    discard: ({ response: unread }) => void unread.body?.cancel().catch(() => undefined),
    endFirst: () => {
      held?.release();
      return first.failure ? shared.push(first.failure) : '';
    },
  });
}

function nameOf({ model, provider }: Candidate): string {
  return `${provider.name}/${model}`;
}

function withBody(response: Response, body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: response.headers });
}

/** The text, and then the stream, read no faster than it is taken. */
function startingWith(
  text: string,
  rest: ReadableStream<Uint8Array> | null,
): ReadableStream<Uint8Array> {
  const reader = rest?.getReader();
  let isBegun = false;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (!isBegun && text !== '') {
          isBegun = true;
          return controller.enqueue(Buffer.from(text));
        }
        const read = await reader?.read();
        if (read && !read.done) return controller.enqueue(read.value);
        controller.close();
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
