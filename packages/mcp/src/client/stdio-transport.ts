import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { GroupGuard } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { maxMessageBytes, messageOf, parseFrame } from '../server/frame.ts';
import { endGraceMs, maxUnreadBytes } from './limits.ts';
import { LineReader } from './line-reader.ts';

export interface StdioTransportOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly guard: GroupGuard;
  /** What the program writes to standard error, and to standard output beside messages. */
  readonly onLog: (text: string) => void;
}

/**
 * Messages over standard input and output of a program, one a line. The program leads a process group of
 * its own, which ends with the transport, and with this process however that ends. What is no message is
 * told to `onerror` and ends nothing.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  /** The SDK takes a transport that has this and `pid` for one over standard input and output. */
  readonly stderr = null;
  readonly #options: StdioTransportOptions;
  #child: ReturnType<typeof startProgram> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #unreadBytes = 0;
  #isClosing = false;
  #ending: string | undefined;

  constructor(options: StdioTransportOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** How the program ended by itself: `code 1`, `SIGSEGV`. Undefined while it runs, and where it was told to end. */
  get ending(): string | undefined {
    return this.#ending;
  }

  /** Throws `failed_precondition` where the program cannot be started. */
  async start(): Promise<void> {
    const child = startProgram(this.#options);
    this.#child = child;
    this.#options.guard.add(child.pid);
    this.#ended = this.#follow(child);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.killed || child.exitCode !== null) {
      // How it ended is noted first.
      await child?.exited;
      throw new RpcError('unavailable', 'the program has ended');
    }
    const line = `${JSON.stringify(message)}\n`;
    this.#unreadBytes += line.length;
    if (this.#unreadBytes > maxUnreadBytes) {
      void this.close();
      throw new RpcError('unavailable', 'the program does not read what it is sent');
    }
    try {
      child.stdin.write(line);
      await child.stdin.flush();
    } catch (cause) {
      // Most programs that read no more have ended, which is known in a moment.
      await settlesWithin(child.exited, endGraceMs);
      throw new RpcError('unavailable', 'the program reads no more', { cause });
    } finally {
      this.#unreadBytes -= line.length;
    }
  }

  /** Asks the program to end by closing its input, then tells it to, then makes it. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#isClosing) return this.#ended;
    this.#isClosing = true;
    // One that reads no more is not waited for.
    void Promise.resolve(child.stdin.end()).catch(() => {});
    if (!(await settlesWithin(child.exited, endGraceMs))) {
      signalGroup(child.pid, 'SIGTERM');
      if (!(await settlesWithin(child.exited, endGraceMs))) signalGroup(child.pid, 'SIGKILL');
    }
    await this.#ended;
  }

  /** Ends the program without asking: for one that does not stop. */
  kill(): void {
    if (this.#child === undefined) return;
    this.#isClosing = true;
    signalGroup(this.#child.pid, 'SIGKILL');
  }

  async #follow(child: ReturnType<typeof startProgram>): Promise<void> {
    const reading = this.#readMessages(child.stdout);
    const log = this.#readLog(child.stderr);
    const silent = reading.then(async () => {
      // Nothing more can come of a program that has closed its output: most are about to end.
      if (!(await settlesWithin(child.exited, endGraceMs))) void this.close();
    });
    await child.exited;
    if (!this.#isClosing)
      this.#ending = child.signalCode ? String(child.signalCode) : `code ${child.exitCode}`;
    // Helpers that it has left behind hold its output open, and have nobody to work for.
    signalGroup(child.pid, 'SIGKILL');
    this.#options.guard.drop(child.pid);
    await settlesWithin(Promise.all([reading, log, silent]), endGraceMs);
    this.onclose?.();
  }

  async #readMessages(output: ReadableStream<Uint8Array>): Promise<void> {
    const lines = new LineReader(maxMessageBytes);
    try {
      for await (const chunk of output) {
        for (const line of lines.push(chunk)) {
          // One that is being ended is not listened to: it may never stop talking.
          if (this.#isClosing) return;
          this.#take(line);
        }
      }
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }

  #take(line: string): void {
    let message: JSONRPCMessage;
    try {
      message = messageOf(parseFrame(line));
    } catch (error) {
      this.#options.onLog(`${line.slice(0, maxLoggedLineChars)}\n`);
      this.onerror?.(error as Error);
      return;
    }
    this.onmessage?.(message);
  }

  async #readLog(output: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of output) {
        this.#options.onLog(decoder.decode(chunk, { stream: true }));
      }
    } catch {
      // What it says beside its messages is worth no fault.
    }
  }
}

const maxLoggedLineChars = 500;

function startProgram({ args, command, cwd, environment }: StdioTransportOptions) {
  const program = Bun.which(command, { PATH: environment.PATH ?? '', cwd });
  if (program === null) {
    const message = `there is no program called ${command}: install it, or give its path`;
    throw new RpcError('failed_precondition', message);
  }
  try {
    return Bun.spawn([program, ...args], {
      cwd,
      env: environment,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (cause) {
    const message = `${command} cannot be started in ${cwd}: ${(cause as Error).message}`;
    throw new RpcError('failed_precondition', message, { cause });
  }
}

async function settlesWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left in it.
  }
}
