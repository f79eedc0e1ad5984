import { RpcError } from '@zeke/rpc';
import { type AuditEvent, actorOf } from '../governance/audit/audit-entry.ts';
import type { Exchange } from './exchange.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';

const maxMessageChars = 300;

/** How an action stands on the audit log. */
export interface AuditedAction {
  /** `key.create`: the object's kind and what is done to it. */
  action: `${string}.${string}`;
  /** Members of the answer that are kept; no other is, so that no secret is. */
  keeps?: readonly string[];
  /** Members of the answer that make up the object's id, where the path does not have it. */
  id?: readonly string[];
}

/**
 * A route that is on the audit log: an entry before it is done, without which it is not, and one of
 * what became of it. Where only the second cannot be written, what is done is answered as it is: the
 * first says who was about to do it.
 */
export function audited(audit: AuditedAction, route: Route): Route {
  const handle: Route['handle'] = async (services, exchange, parameters) => {
    const event = eventOf(audit, services, exchange, parameters);
    await services.audit.append({ ...event, outcome: 'begun', detail: {} });
    try {
      const response = await route.handle(services, exchange, parameters);
      await end(services, { ...event, outcome: 'ok', ...(await answered(audit, event, response)) });
      return response;
    } catch (reason) {
      const { code, message } = RpcError.from(reason);
      const outcome = code === 'permission_denied' ? 'denied' : 'failed';
      const detail = { error: code, message: message.slice(0, maxMessageChars) };
      await end(services, { ...event, outcome, detail });
      throw reason;
    }
  };
  return { ...route, audits: audit.action, handle };
}

type Begun = Omit<AuditEvent, 'outcome' | 'detail'>;

function eventOf(
  { action }: AuditedAction,
  { rateLimits }: Services,
  { caller, peer, request, requestId }: Exchange,
  parameters: readonly string[],
): Begun {
  return {
    ...actorOf(caller),
    action,
    objectKind: action.slice(0, action.indexOf('.')),
    ...(parameters.length > 0 ? { objectId: parameters.join('/') } : {}),
    address: rateLimits.addressOf(request, peer),
    requestId,
  };
}

/** What the answer tells of the object; it goes to the caller as it is. */
async function answered(
  { id = ['id'], keeps = [] }: AuditedAction,
  { objectId }: Begun,
  response: Response,
): Promise<Pick<AuditEvent, 'detail' | 'objectId'>> {
  const answer = (await response.clone().json()) as Record<string, unknown>;
  const parts = id.flatMap((name) => (answer[name] === undefined ? [] : String(answer[name])));
  const kept = keeps.filter((name) => answer[name] !== undefined);
  return {
    objectId: objectId ?? (parts.length > 0 ? parts.join('/') : undefined),
    detail: Object.fromEntries(kept.map((name) => [name, answer[name]])),
  };
}

async function end({ audit, log }: Services, event: AuditEvent): Promise<void> {
  try {
    await audit.append(event);
  } catch (err) {
    const { action, outcome, requestId } = event;
    log.error('the end of an action is not on the audit log', { action, outcome, requestId, err });
  }
}
