import { program } from './program.ts';

/** For tests that start processes, where the machine is busy. */
export const processTimeoutMs = 60_000;

export interface ZrpcOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped in. Default: nothing at all. */
  readonly input?: string | Uint8Array;
}

export interface ZrpcResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `zrpc` to its end, as a user would, with nothing of this process's own environment. */
export async function zrpc(
  args: readonly string[],
  options: ZrpcOptions = {},
): Promise<ZrpcResult> {
  const child = spawn(args, options);
  if (options.input !== undefined) child.stdin.write(options.input);
  void child.stdin.end();
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** A process of `zrpc` that runs on. */
export interface RunningZrpc extends AsyncDisposable {
  /** Its next line of output, undefined after the last. */
  line(): Promise<string | undefined>;
  /** All of standard error, when it has ended. */
  readonly stderr: Promise<string>;
  readonly exited: Promise<number>;
  write(text: string): void;
  endInput(): void;
  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts any command and does not wait for anything. */
export function startZrpc(args: readonly string[], options: ZrpcOptions = {}): RunningZrpc {
  const child = spawn(args, options);
  const lines = linesOf(child.stdout);
  return {
    line: async () => (await lines.next()).value,
    stderr: new Response(child.stderr).text(),
    exited: child.exited,
    write(text) {
      child.stdin.write(text);
      void child.stdin.flush();
    },
    endInput: () => void child.stdin.end(),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

function spawn(args: readonly string[], { cwd, environment }: ZrpcOptions) {
  return Bun.spawn([...program, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...environment },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return undefined;
}
