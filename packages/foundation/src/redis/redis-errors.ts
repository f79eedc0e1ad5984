import { RpcError } from '@zeke/rpc';

/** What a server says when it cannot do its work for anybody: asking another connection may help. */
const gone = /^(?:READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|OOM|BUSY|NOAUTH)\b/;
/** What no later attempt mends: somebody has to change the configuration. */
const configured =
  /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:DB index|invalid DB|Client sent AUTH|AUTH ))/;
const clustered = /^(?:MOVED|ASK|CROSSSLOT)\b/;

/** Whether a reply means that this server cannot be worked with now. */
export function isServerGone(error: unknown): boolean {
  const { message } = asError(error);
  return gone.test(message) || clustered.test(message);
}

/** Whether the script has to be sent whole. */
export function isScriptUnknown(error: unknown): boolean {
  return asError(error).message.startsWith('NOSCRIPT');
}

/**
 * Why a connection could not be made: `failed_precondition` for what only another configuration
 * mends, else `unavailable`, retryable. The message has the address, never a password.
 */
export function connectError(reason: unknown, shown: string): RpcError {
  if (reason instanceof RpcError) return reason;
  const error = asError(reason);
  const { message } = error;
  if (clustered.test(message)) return clusterRefusal(shown);
  if (configured.test(message)) {
    return new RpcError('failed_precondition', `${shown}: ${message}: ${helpFor(message)}`, {
      cause: reason,
    });
  }
  const text = message.trim() || error.name;
  return new RpcError('unavailable', `${shown}: ${text}`, { cause: reason, retryable: true });
}

/** Redis Cluster spreads keys over servers, and what is counted in one step has to be in one place. */
export function clusterRefusal(shown: string): RpcError {
  return new RpcError(
    'failed_precondition',
    `${shown}: this is a Redis Cluster, which is not supported: give the address of a single Redis, or of one that fails over to a replica`,
  );
}

function helpFor(message: string): string {
  if (message.startsWith('NOPERM')) {
    return 'give the user the commands that docs/guide/replicas.md lists';
  }
  if (message.includes('DB') || message.includes('database')) {
    return 'choose another database in redis.url';
  }
  return 'set the user and the password in redis.url or redis.password';
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
