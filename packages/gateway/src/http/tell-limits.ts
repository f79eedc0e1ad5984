import {
  addLimitHeaders,
  type LimitDialect,
  setLimitHeaders,
} from '../governance/rate-limits/limit-headers.ts';
import type { Exchange } from './exchange.ts';

/**
 * Says in the headers of an answer what is left to the caller, unless they say so already: of an answer
 * that is made anew from another it is told anew. `holdsOthers`: a provider's own may stand there.
 */
export function tellLimits(
  exchange: Exchange,
  response: Response,
  dialect: LimitDialect,
  holdsOthers = exchange.tellsProviderLimits !== false,
): void {
  const { admission } = exchange;
  if (!admission || exchange.limitsToldIn === response) return;
  setLimitHeaders(response.headers, admission.left(), dialect, holdsOthers);
}

/** An answer that says in its headers what is left to the caller: cheaper than to add it after. */
export function answerTellingLimits(
  exchange: Exchange,
  body: NonNullable<ConstructorParameters<typeof Response>[0]>,
  headers: Record<string, string>,
  dialect: LimitDialect,
): Response {
  const { admission } = exchange;
  if (!admission) return new Response(body, { headers });
  addLimitHeaders(headers, admission.left(), dialect, exchange.tellsProviderLimits === true);
  // What stands there now is ours.
  exchange.tellsProviderLimits = false;
  const response = new Response(body, { headers });
  exchange.limitsToldIn = response;
  return response;
}
