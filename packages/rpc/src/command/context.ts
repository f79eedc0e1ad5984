import { type Interrupts, ProcessInterrupts } from './interrupts.ts';
import { Output } from './output.ts';

/** What a command knows of the world around it. */
export interface Context {
  /** What to type for this program: `zrpc`, or `zeke rpc`. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: Output;
  readonly interrupts: Interrupts;
  readonly stdin: NodeJS.ReadStream;
}

/** The context of a process; its owner passes the signals on. */
export function createContext(
  own: NodeJS.Process,
  { name = 'zrpc', interrupts = new ProcessInterrupts() }: Partial<Context> = {},
): Context {
  const { env: environment, stdout, stderr, stdin } = own;
  const output = new Output({ stdout, stderr, environment });
  return { name, environment, output, interrupts, stdin };
}
