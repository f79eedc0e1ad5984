import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createServer } from 'node:net';

export interface ProgramOptions {
  readonly directory?: string;
  /** Beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Its standard input; nothing else follows. */
  readonly input?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
  /** Told of each line of the standard output. */
  readonly onLine?: (line: string) => void;
}

export interface ProgramResult {
  /** -1 when a signal ended it, or the time-out. */
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end. @throws Error when there is no such program. */
export async function runProgram(
  command: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = start(command, options);
  const texts = { output: '', errors: '' };
  const lines = lineReader(options.onLine ?? (() => {}));
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    texts.output += text;
    lines(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    texts.errors += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    });
    return { exitCode, ...texts };
  } finally {
    clearTimeout(timer);
  }
}

/** As `runProgram`. @throws Error with what it said when it fails. */
export async function mustRun(
  command: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { exitCode, output, errors } = await runProgram(command, options);
  if (exitCode === 0) return output;
  const said = `${output}\n${errors}`.trim().slice(-2_000);
  throw new Error(`${command.slice(0, 3).join(' ')} ended with ${exitCode}: ${said}`);
}

/** A program that serves until it is stopped. */
export interface RunningProgram {
  /** What the pattern found. */
  readonly match: RegExpExecArray;
  stop(): Promise<void>;
}

/**
 * Starts a server and waits for the line, on either output, that says that it is ready.
 * @throws Error with what it said when it ends first, or says nothing for so long.
 */
export async function startProgram(
  command: readonly string[],
  ready: RegExp,
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  const child = start(command, options);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  let said = '';
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`${command[0]} ${why}: ${said.trim().slice(-2_000)}`));
    };
    const timer = setTimeout(() => fail('is not ready in time'), options.timeoutMs ?? 60_000);
    const settle = () => clearTimeout(timer);
    const take = lineReader((line) => {
      const found = ready.exec(line);
      if (found === null) return;
      settle();
      resolve(found);
    });
    const onText = (text: string) => {
      if (said.length < 100_000) said += text;
      take(text);
    };
    child.stdout?.setEncoding('utf8').on('data', onText);
    child.stderr?.setEncoding('utf8').on('data', onText);
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', () => {
      settle();
      fail('ended at once');
    });
  });
  return {
    match,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A port of TCP that was free just now, for servers that must be told one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function start(command: readonly string[], options: ProgramOptions): ChildProcess {
  const [program = '', ...parameters] = command;
  const spawnOptions: SpawnOptions = {
    env: { ...process.env, ...options.environment },
    stdio: 'pipe',
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  };
  const child = spawn(program, parameters, spawnOptions);
  // What this process leaves behind would run on.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('close', () => process.removeListener('exit', kill));
  return child;
}

/** Cuts text that comes in pieces into lines. */
function lineReader(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
