import type { OutputLog } from './output-log.ts';
import { killTree, type ProcessTree, terminateTree } from './process-tree.ts';

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The value of `markVariable` in `environment`. */
  readonly mark: string;
  /** It gets a terminal of its own; else pipes. */
  readonly hasTerminal: boolean;
  /** Something may be written to it; else its input is at its end from the start. */
  readonly hasInput: boolean;
  readonly output: OutputLog;
  /** More output than this ends it, in bytes. */
  readonly maxOutputBytes: number;
  readonly timeoutMs: number | undefined;
  /** Told of each piece of output when it is kept. */
  readonly onOutput: (chunk: Uint8Array) => void;
}

type EndedBy = 'time-limit' | 'output-limit' | 'stop';

export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Undefined where it ended by itself. */
  readonly endedBy: EndedBy | undefined;
  readonly durationMs: number;
}

export interface StartedProcess {
  readonly pid: number;
  /** Resolves when it, and all that it started, is gone, and all output is kept. */
  readonly ended: Promise<ProcessEnd>;
  write(text: string): void;
  /** Its input ends. */
  closeInput(): void;
  /** Asks it to end, and makes it after two seconds. */
  stop(): void;
}

/** From SIGTERM to SIGKILL. */
const graceMs = 2_000;
const terminalSize = { cols: 120, rows: 40 } as const;

/** Starts a program as the leader of a process group and session of its own. Throws where it cannot be started. */
export function startProcess(request: ProcessRequest): StartedProcess {
  const startedAt = performance.now();
  const reader = new OutputReader(request, () => end('output-limit'));
  const child = spawn(request, reader);
  const tree: ProcessTree = { pid: child.pid, mark: request.mark };
  let endedBy: EndedBy | undefined;
  let grace: Timer | undefined;
  const end = (by: EndedBy): void => {
    if (endedBy !== undefined) return;
    endedBy = by;
    void terminateTree(tree);
    grace = setTimeout(() => void killTree(tree), graceMs);
  };
  const { timeoutMs } = request;
  const limit =
    timeoutMs === undefined ? undefined : setTimeout(() => end('time-limit'), timeoutMs);
  const finish = async (): Promise<ProcessEnd> => {
    const reading =
      child.stdout instanceof ReadableStream ? reader.readAll(child.stdout) : undefined;
    await child.exited;
    clearTimeout(limit);
    clearTimeout(grace);
    // What it left behind holds its output open, and must not outlive it.
    await killTree(tree);
    await reading;
    child.terminal?.close();
    await reader.settled();
    await request.output.end();
    return {
      exitCode: child.exitCode ?? undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
      endedBy,
      durationMs: Math.round(performance.now() - startedAt),
    };
  };
  return {
    pid: child.pid,
    ended: finish(),
    write: (text) => {
      if (child.terminal !== undefined) child.terminal.write(text);
      else if (typeof child.stdin === 'object') {
        child.stdin.write(text);
        child.stdin.flush();
      }
    },
    closeInput: () => {
      // What a terminal has for the end of input.
      if (child.terminal !== undefined) child.terminal.write('\u0004');
      else if (typeof child.stdin === 'object') child.stdin.end();
    },
    stop: () => end('stop'),
  };
}

function spawn(
  { argv, cwd, environment, hasTerminal, hasInput }: ProcessRequest,
  reader: OutputReader,
) {
  const env = { ...environment };
  if (hasTerminal) {
    const data = (_terminal: unknown, chunk: Uint8Array): void => reader.push(chunk.slice());
    return Bun.spawn([...argv], { cwd, env, terminal: { ...terminalSize, data } });
  }
  // One pipe for both, so that lines stay in their order.
  const merged = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv];
  const stdin = hasInput ? 'pipe' : 'ignore';
  return Bun.spawn(merged, { cwd, env, stdin, stdout: 'pipe', stderr: 'ignore', detached: true });
}

/** Takes output one piece after the other, and holds the writer up while the disk is slower. */
class OutputReader {
  readonly #request: ProcessRequest;
  readonly #onTooMuch: () => void;
  #last: Promise<void> = Promise.resolve();

  constructor(request: ProcessRequest, onTooMuch: () => void) {
    this.#request = request;
    this.#onTooMuch = onTooMuch;
  }

  async readAll(stream: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of stream) await this.#take(chunk);
    } catch {
      // The pipe broke: what came until then is what there is.
    }
  }

  /** From a terminal, which cannot be held up. */
  push(chunk: Uint8Array): void {
    this.#last = this.#last.then(() => this.#take(chunk));
  }

  async settled(): Promise<void> {
    await this.#last;
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const { output, maxOutputBytes, onOutput } = this.#request;
    if (output.total >= maxOutputBytes) {
      this.#onTooMuch();
      return;
    }
    await output.add(chunk);
    onOutput(chunk);
  }
}
