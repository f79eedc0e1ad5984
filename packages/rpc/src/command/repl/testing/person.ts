import { program } from '../../testing/program.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

export interface PersonOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What runs in place of `zrpc`. */
  readonly command?: readonly string[];
}

/** A person at a terminal of their own, in which `zrpc` runs. */
export class Person implements AsyncDisposable {
  readonly terminal: VirtualTerminal;
  readonly exited: Promise<number>;
  readonly #child: ReturnType<typeof spawn>;
  #wake: () => void = () => {};
  #fault: unknown;

  constructor(args: readonly string[], options: PersonOptions = {}) {
    const { columns = 100, rows = 30 } = options;
    this.terminal = new VirtualTerminal(columns, rows);
    const decoder = new TextDecoder();
    this.#child = spawn(args, options, columns, rows, (bytes) => {
      try {
        this.terminal.write(decoder.decode(bytes, { stream: true }));
      } catch (fault) {
        this.#fault = fault;
      }
      this.#wake();
    });
    this.exited = this.#child.exited;
    void this.exited.then(() => this.#wake());
  }

  type(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  /** All that is to be seen, and has scrolled away. */
  get text(): string {
    return [...this.terminal.scrolled, ...this.terminal.screen].join('\n');
  }

  /** Waits until something is on the screen. */
  see(what: string | RegExp): Promise<void> {
    return this.until(() =>
      typeof what === 'string' ? this.text.includes(what) : what.test(this.text),
    );
  }

  /** Waits until what is shown is as it is to be. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#child.exitCode !== null) throw new Error(`it has ended, and shows\n${this.text}`);
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await more.promise;
    }
  }

  resize(columns: number, rows: number): void {
    this.terminal.columns = columns;
    this.terminal.rows = rows;
    this.#child.terminal?.resize(columns, rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** The terminal has to be made with the child, to be the one that controls it. */
function spawn(
  args: readonly string[],
  { cwd, environment, command = program }: PersonOptions,
  cols: number,
  rows: number,
  onData: (bytes: Uint8Array) => void,
) {
  return Bun.spawn([...command, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { TERM: 'xterm-256color', ...environment },
    terminal: { cols, rows, data: (_terminal, bytes) => onData(bytes) },
  });
}
