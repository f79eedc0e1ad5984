import { createLogger, type ResolvedConfig } from '@zeke/foundation';
import { AuditLog } from '@zeke/gateway';
import { openState } from './open-state.ts';

/** Something that was done on this machine past the gateway. */
export interface LocalEvent {
  /** `secret.set`: object and verb. */
  readonly action: string;
  readonly objectKind: string;
  readonly objectId?: string;
  readonly outcome: 'ok' | 'failed';
  /** What more there is to know, without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Puts on the audit log what somebody on this machine did without the gateway. Throws what
 * `openState` and the log throw; the deed is done by then, so callers only tell of it.
 */
export async function auditLocally(config: ResolvedConfig, event: LocalEvent): Promise<void> {
  const storage = await openState(config, createLogger({ level: 'silent' }));
  try {
    await new AuditLog({ storage, now: Date.now }).append({ actor: 'local', ...event });
  } finally {
    await storage.close();
  }
}
