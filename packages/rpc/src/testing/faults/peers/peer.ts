import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { type FaultTls, freePlace, type TransportName } from '../transport-table.ts';
import type { PeerLine, PeerSetup } from './conversation.ts';
import { descriptorsOf, processorMsOf, residentMbOf } from './statistics.ts';

type PeerRole = 'serve' | 'call';

export interface PeerOptions extends PeerSetup {
  /** What the process is started by, such as `ip netns exec NAME`. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** For a process to be there, and for what it is asked when nothing is wrong, in milliseconds. */
const answerMs = 30_000;

/** A process of the faults, in the hands of who started it. It is killed when disposed of. */
export class Peer implements AsyncDisposable {
  readonly setup: PeerSetup;
  readonly #child: Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #lines: PeerLine[] = [];
  readonly #waiting = new Set<() => void>();
  #nextId = 1;
  #hasEnded = false;

  private constructor(role: PeerRole, options: PeerOptions) {
    const { wrapper = [], env = {}, ...setup } = options;
    this.setup = setup;
    const file = join(import.meta.dirname, `${role}-process.ts`);
    this.#child = Bun.spawn([...wrapper, process.execPath, file, JSON.stringify(setup)], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
      env: { ...process.env, ...env },
    });
    void this.#read();
  }

  /** Starts it, and waits until it is ready. */
  static async start(role: PeerRole, options: PeerOptions): Promise<Peer> {
    const peer = new Peer(role, options);
    await peer.event('ready');
    return peer;
  }

  /** How many file descriptors it has open. */
  get descriptors(): number {
    return descriptorsOf(this.#child.pid);
  }

  /** Its resident memory now, with all garbage, in MB. */
  get residentMb(): number {
    return residentMbOf(this.#child.pid);
  }

  /** The processor time that it has used, in milliseconds. */
  get processorMs(): number {
    return processorMsOf(this.#child.pid);
  }

  /** How the process has ended. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Sends a command. @throws Error with what the process says of it, and without an answer in time. */
  async ask(command: string, values: object = {}, withinMs: number = answerMs): Promise<PeerLine> {
    const id = this.#nextId++;
    this.#child.stdin.write(`${JSON.stringify({ id, do: command, ...values })}\n`);
    await this.#child.stdin.flush();
    const answer = await this.#take((line) => line.id === id, withinMs, `the answer to ${command}`);
    if (answer.fault !== undefined) throw new Error(`${command}: ${answer.fault}`);
    return answer;
  }

  /** The next event of this name that nobody has taken. */
  event(name: string, withinMs: number = answerMs): Promise<PeerLine> {
    return this.#take((line) => line.event === name, withinMs, `the event ${name}`);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  async #take(
    isWanted: (line: PeerLine) => boolean,
    withinMs: number,
    what: string,
  ): Promise<PeerLine> {
    const until = performance.now() + withinMs;
    for (;;) {
      const index = this.#lines.findIndex(isWanted);
      const [line] = index < 0 ? [] : this.#lines.splice(index, 1);
      if (line !== undefined) return line;
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`${what} did not come within ${withinMs} ms`);
      if (this.#hasEnded) throw new Error(`${what} did not come: the process has ended`);
      await this.#news(leftMs);
    }
  }

  /** Another line, the end of the process, or the end of the time. */
  #news(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#waiting.add(done);
    });
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#lines.push(JSON.parse(line) as PeerLine);
      for (const tell of [...this.#waiting]) tell();
    }
    this.#hasEnded = true;
    for (const tell of [...this.#waiting]) tell();
  }
}

/** A server and a client of it, each a process of its own. */
export interface Pair extends AsyncDisposable {
  readonly server: Peer;
  readonly client: Peer;
  /** Started where a peer was that is gone. */
  again(role: PeerRole): Promise<Peer>;
}

export interface PairOptions {
  readonly transport: TransportName;
  readonly tls: FaultTls;
  readonly limits: PeerSetup['limits'];
  readonly clientLimits?: PeerSetup['limits'];
  readonly env?: Readonly<Record<string, string>>;
  readonly serverWrapper?: readonly string[];
  readonly clientWrapper?: readonly string[];
  /** Where the server is, in the eyes of both. */
  readonly host?: string;
}

/** Starts both; the client has made a call. */
export async function startPair(options: PairOptions): Promise<Pair> {
  const { transport, tls, limits, clientLimits = limits, env = {} } = options;
  const place = await freePlace(transport, options.host);
  const processes = new AsyncDisposableStack();
  const start = async (role: PeerRole): Promise<Peer> => {
    const wrapper = role === 'serve' ? options.serverWrapper : options.clientWrapper;
    const peer = await Peer.start(role, {
      transport,
      place,
      tls,
      limits: role === 'serve' ? limits : clientLimits,
      env,
      ...(wrapper === undefined ? {} : { wrapper }),
    });
    return processes.use(peer);
  };
  try {
    const server = await start('serve');
    const client = await start('call');
    await client.ask('echo', { withinMs: answerMs });
    const dispose = () => processes.disposeAsync();
    return { server, client, again: start, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await processes.disposeAsync();
    throw error;
  }
}
