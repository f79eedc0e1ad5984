import { contest, type Entry } from '../routing/contest.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Plan } from '../routing/plan.ts';
import { tryCandidates } from '../routing/try-candidates.ts';
import type { ChatCall } from './chat-endpoint.ts';
import { type Followers, Held } from './chat-observer.ts';
import type { Services } from './services.ts';

/** Asks one after the other; who answers goes on to answer the session. */
export function askInTurn(
  { planner, retries }: Services,
  { candidates }: Plan,
  client: AbortSignal,
  session: string | undefined,
  askOne: AskOne,
): Promise<Response> {
  if (session === undefined) return tryCandidates(candidates, client, askOne, retries);
  let last: Candidate | undefined;
  const askNext = (candidate: Candidate, number: number) => {
    last = candidate;
    return askOne(candidate, number);
  };
  return tryCandidates(candidates, client, askNext, retries).then((response) => {
    if (last) planner.answered(last, session);
    return response;
  });
}

/** Rejects where nothing of an answer was given out. */
export type AskOne = (
  candidate: Candidate,
  number: number,
  entry?: Entry,
  followers?: Followers,
) => Promise<Response>;

interface Answered {
  candidate: Candidate;
  response: Response;
  held?: Held | undefined;
}

/** Asks several at once, of whom one is heard. */
export async function carryOut(
  plan: Plan,
  call: ChatCall,
  client: AbortSignal,
  askOne: AskOne,
): Promise<Answered> {
  const winner = await contest<Answered>({
    ...plan,
    client,
    ask: async (candidate, number, entry) => {
      const held = call.observer || call.listener ? new Held() : undefined;
      const response = await askOne(candidate, number, entry, held?.followers(call));
      return { candidate, held, response };
    },
    // It is not read any further.
    discard: ({ response }) => void response.body?.cancel().catch(() => undefined),
  });
  winner.held?.release();
  return winner;
}
