import { codeNumber } from '../core/status.ts';
import type { RpcError } from '../rpc-error.ts';

/** Ctrl-C. */
export const interruptedExitCode = 130;

/** Tells the exit code of a command that ended without throwing, where it is not 0. */
export type SetExitCode = (code: number) => void;

/**
 * The number of the gRPC status: 5 for `not_found`. Errors that are found here have codes as well,
 * 3 for a wrong command line.
 */
export function exitCodeOf({ code }: RpcError): number {
  return codeNumber(code);
}
