import { commandName } from './command-name.ts';
import { Interrupts } from './interrupts.ts';
import { Output } from './output.ts';

/** What a command knows of the world around it. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What to type for this program: hints say `zeke`, or `./zeke` in the repository. */
  readonly command: string;
  readonly output: Output;
  readonly interrupts: Interrupts;
  readonly stdin: NodeJS.ReadStream;
  /** A person sits at the terminal and can be asked. */
  readonly interactive: boolean;
}

/** The context of a process. */
export function createContext(own: NodeJS.Process): Context {
  const environment = own.env;
  const command = commandName(environment);
  return {
    environment,
    cwd: own.cwd(),
    command,
    output: new Output({ stdout: own.stdout, stderr: own.stderr, environment, command }),
    interrupts: new Interrupts(),
    stdin: own.stdin,
    interactive: Boolean(own.stdin.isTTY && own.stdout.isTTY && !environment.CI),
  };
}
