import { join } from 'node:path';
import { TextReader } from '@zeke/foundation/testing';

/** For tests that start processes, where the machine is busy: each start takes a second then. */
export const processTimeoutMs = 60_000;

const launcher = join(import.meta.dir, '../../../../zeke');

export interface ZekeOptions {
  /** `$ZEKE_HOME`, and the folder that the command runs in unless told otherwise. */
  readonly home: string;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped in. Default: nothing at all. */
  readonly input?: string;
}

export interface ZekeResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `zeke` to its end, as a user would, with nothing of this process's own environment. */
export async function zeke(args: readonly string[], options: ZekeOptions): Promise<ZekeResult> {
  const child = spawn(args, options);
  if (options.input !== undefined) child.stdin?.write(options.input);
  child.stdin?.end();
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A process of `zeke` that runs on. */
export interface RunningZeke extends AsyncDisposable {
  /** Of the server, once it is ready. */
  readonly url: string;
  readonly stdout: TextReader;
  readonly stderr: TextReader;
  readonly exited: Promise<number>;
  kill(signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts `zeke up` with these flags on a free port and waits until it is ready. */
export async function zekeUp(flags: readonly string[], options: ZekeOptions): Promise<RunningZeke> {
  const running = startZeke(['up', '--port', '0', ...flags], options);
  const line = await running.stdout.until(/ready at (\S+)\n/).catch(async (cause) => {
    await running.exited;
    throw new Error(`zeke up did not start:\n${running.stderr.text}`, { cause });
  });
  return { ...running, url: line[1] ?? '' };
}

/** Starts any command and does not wait for anything. */
export function startZeke(args: readonly string[], options: ZekeOptions): RunningZeke {
  const child = spawn(args, options);
  child.stdin?.end();
  return {
    url: '',
    stdout: new TextReader(child.stdout),
    stderr: new TextReader(child.stderr),
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

function spawn(args: readonly string[], { home, cwd, environment, input }: ZekeOptions) {
  return Bun.spawn([launcher, ...args], {
    cwd: cwd ?? home,
    env: { PATH: process.env.PATH ?? '', HOME: home, ZEKE_HOME: home, ...environment },
    stdin: input === undefined ? 'ignore' : 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}
