import { type RoutingRequest, routingMember } from '../routing/routing-request.ts';
import type { ChatCall } from './chat-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { withoutMember } from './splice-json.ts';

/** Puts what a request says of its routing where it is looked for, and takes it out: no provider hears of it. */
export function takeRouting(
  routing: RoutingRequest,
  call: Pick<ChatCall, 'body' | 'text'>,
  exchange: Exchange,
): void {
  if (routing.privacy === 'local_only') exchange.localOnly = true;
  if (routing.maxLatencyMs !== undefined) exchange.maxLatencyMs = routing.maxLatencyMs;
  if (routing.includeCost) exchange.includesCost = true;
  if (routing.tags) exchange.omenTags = routing.tags;
  if (routing.sessionId !== undefined) exchange.sessionId = routing.sessionId;
  if (routing.budgetMicroUsd !== undefined) {
    exchange.ownBudget = { limitMicroUsd: routing.budgetMicroUsd, usedMicroUsd: 0 };
  }
  if (call.body[routingMember] === undefined) return;
  delete call.body[routingMember];
  call.text = withoutMember(call.text, routingMember);
}
