import type { Logger } from '@zeke/foundation';
import type { AuditLog } from '@zeke/gateway';
import type { CallRecord, RecordCall } from '@zeke/mcp';

/** Puts calls over MCP on the audit log, as `mcp.call` and what more there is to know. Never throws. */
export function recordCalls(audit: AuditLog, log: Logger): RecordCall {
  return async (record) => {
    try {
      await audit.note(eventOf(record));
    } catch (err) {
      log.error('a call over MCP is not on the audit log', { err, name: record.name });
    }
  };
}

function eventOf({ caller, kind, name, outcome, ...more }: CallRecord) {
  return {
    actor: actorOf(caller.id),
    ...(isKey(caller.id) ? { keyId: caller.id } : {}),
    ...(caller.owner === undefined ? {} : { owner: caller.owner }),
    ...(caller.address === undefined ? {} : { address: caller.address }),
    action: 'mcp.call',
    objectKind: `mcp-${kind}`,
    objectId: name,
    outcome: outcomes[outcome],
    detail: { ...more, ...(caller.client === undefined ? {} : { client: caller.client }) },
  } as const;
}

const outcomes = { ok: 'ok', error: 'failed', canceled: 'failed', refused: 'denied' } as const;

/** Callers without a key are named for what they are. */
export const keylessCallers = {
  /** The operator's own key. */
  admin: 'admin-key',
  /** Somebody on this machine, over HTTP. */
  local: 'local',
  /** The program that has started this one. */
  parent: 'stdio',
} as const;

function isKey(id: string): boolean {
  return !Object.values<string>(keylessCallers).includes(id);
}

function actorOf(id: string): 'key' | 'admin-key' | 'local' {
  if (isKey(id)) return 'key';
  return id === keylessCallers.admin ? 'admin-key' : 'local';
}
