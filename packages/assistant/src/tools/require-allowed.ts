import { RpcError } from '@zeke/rpc';
import type { Action } from '../permissions/action.ts';

/**
 * Throws `aborted` where a file is not among those that the call was allowed to read, or to change:
 * links on the way to it were moved since it was judged.
 */
export function requireAllowed(
  allowed: readonly Action[],
  kind: 'read' | 'write',
  path: string,
): void {
  if (allowed.some((action) => action.kind === kind && action.path === path)) return;
  throw new RpcError(
    'aborted',
    `the path leads to ${path} by now, for which the call was not allowed: try again`,
  );
}
