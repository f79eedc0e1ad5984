/**
 * Tells of a failure that nobody else hears of, as a warning of the process; in a browser as an
 * error that nobody has caught. Whoever forgets to ask for failures must not look for them in vain.
 */
export function warn(type: 'RpcHandler' | 'RpcHook', what: string, reason: unknown): void {
  const { process, reportError } = globalThis;
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  if (process?.emitWarning !== undefined) process.emitWarning(`${what}: ${text}`, type);
  else reportError?.(reason);
}

/**
 * Tells of a hook of the application that threw: what it was called for goes on without it.
 * `hook` says which one: `onChange of a breaker`.
 */
export function warnOfHook(hook: string, reason: unknown): void {
  warn('RpcHook', `${hook} threw an error, and was passed over`, reason);
}
