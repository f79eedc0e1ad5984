/*
 * The command `zrpc` for programs that have it as one of their commands: `zeke rpc`.
 */
export { type Context, createContext } from './context.ts';
export type { Interrupts } from './interrupts.ts';
export { run } from './run.ts';
