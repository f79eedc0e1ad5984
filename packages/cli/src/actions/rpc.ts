import { createContext, run } from '@zeke/rpc/command';
import type { Context } from '../context.ts';

/** Runs `zrpc` with these arguments, as `zeke rpc`; the exit codes are its own. */
export function rpc({ interrupts, command }: Context, args: readonly string[]): Promise<number> {
  return run(args, createContext(process, { name: `${command} rpc`, interrupts }));
}
