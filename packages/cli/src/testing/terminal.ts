import { join } from 'node:path';

const launcher = join(import.meta.dir, '../../../../zeke');

export interface TerminalOptions {
  /** `$ZEKE_HOME`, and the folder that the command runs in unless told otherwise. */
  readonly home: string;
  readonly cwd?: string;
  /** Default: one that can nothing. */
  readonly kind?: 'dumb' | 'xterm';
}

/** A person at a terminal of their own, with `zeke` in it; disposing kills it. */
export interface Terminal extends AsyncDisposable {
  readonly exited: Promise<number>;
  type(text: string): void;
  /** Waits for something on the screen, and forgets all up to its end. Throws where the command ends without. */
  see(pattern: RegExp): Promise<void>;
}

/** Starts `zeke` at a terminal, with nothing of this process's own environment. */
export function terminal(args: readonly string[], options: TerminalOptions): Terminal {
  const { cwd, home, kind = 'dumb' } = options;
  let shown = '';
  let wake = () => {};
  const decoder = new TextDecoder();
  const child = Bun.spawn([launcher, ...args], {
    cwd: cwd ?? home,
    env: { PATH: process.env.PATH ?? '', ZEKE_HOME: home, HOME: home, TERM: kind },
    terminal: {
      cols: 200,
      rows: 50,
      data(_terminal, bytes) {
        shown += decoder.decode(bytes, { stream: true });
        wake();
      },
    },
  });
  let hasEnded = false;
  void child.exited.then(() => {
    hasEnded = true;
    wake();
  });
  return {
    exited: child.exited,
    type: (text) => void child.terminal?.write(text),
    async see(pattern) {
      for (;;) {
        const found = pattern.exec(shown);
        if (found) {
          shown = shown.slice(found.index + found[0].length);
          return;
        }
        if (hasEnded) throw new Error(`it ended without ${pattern}:\n${shown}`);
        const more = Promise.withResolvers<void>();
        wake = more.resolve;
        await more.promise;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
