/*
 * The command `zrpc` for programs that have it as one of their commands: `zeke rpc`.
 */
export type { Candidate, Shell } from './completion/candidate.ts';
export { completeWords } from './completion/complete-words.ts';
export { completionScript } from './completion/completion-script.ts';
export { type Context, createContext } from './context.ts';
export { run } from './run.ts';
