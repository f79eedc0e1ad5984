import type { CallHandler } from '@zeke/rpc';
import { apiKeyServer, hashApiKey } from '@zeke/rpc/auth';

/**
 * Who reaches the assistant over a network, this machine's own too, can have files changed and
 * commands run as the user whose daemon it is: such calls need one of these secrets, in the metadata
 * `authorization: Bearer …`. What else is served has its own rules.
 */
export function guardAssistant(secrets: readonly string[], next: CallHandler): CallHandler {
  const keys = secrets.map((secret, index) => ({ id: `${index}`, sha256: hashApiKey(secret) }));
  const guarded = apiKeyServer({ keys, header: 'authorization' })(next);
  return (call) => (isAssistants(call.path) ? guarded(call) : next(call));
}

/** Whether the daemon is there may be asked by anybody. */
function isAssistants(path: string): boolean {
  return path.startsWith('/reaper.') && path !== '/reaper.Health/Check';
}
