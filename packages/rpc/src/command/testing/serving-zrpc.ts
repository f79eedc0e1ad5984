import { Readable } from 'node:stream';
import { ProcessInterrupts } from '../interrupts.ts';
import { Output, type TextStream } from '../output.ts';
import { run } from '../run.ts';
import { startZrpc, type ZrpcOptions } from './zrpc-process.ts';

/** A command that takes calls, such as `zrpc mock`. */
export interface ServingZrpc extends AsyncDisposable {
  /** Where, in the order of its flags. */
  readonly targets: readonly string[];
  /** The next line that matches. */
  see(pattern: RegExp): Promise<string>;
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number>;
}

/** Starts a command as a process, and waits until it listens at `places` places. */
export async function startServing(
  args: readonly string[],
  places: number,
  options: ZrpcOptions = {},
): Promise<ServingZrpc> {
  const child = startZrpc(args, options);
  const see = seer(child.line, () => child.stderr);
  return {
    see,
    targets: await targetsOf(see, places),
    stop() {
      child.kill('SIGINT');
      return child.exited;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** The same within this process, which is faster than one of its own. */
export async function serveHere(args: readonly string[], places: number): Promise<ServingZrpc> {
  const interrupts = new ProcessInterrupts();
  const stdout = new Lines();
  const stderr = new Lines();
  const exited = run(args, {
    name: 'zrpc',
    environment: {},
    output: new Output({ stdout, stderr, environment: {} }),
    interrupts,
    stdin: Readable.from([]) as unknown as NodeJS.ReadStream,
  }).finally(() => stdout.end());
  const stop = (): Promise<number> => {
    interrupts.interrupt();
    return exited;
  };
  const see = seer(
    () => stdout.next(),
    () => Promise.resolve(stderr.text),
  );
  const targets = await targetsOf(see, places);
  return { see, targets, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

function seer(
  next: () => Promise<string | undefined>,
  errors: () => Promise<string>,
): (pattern: RegExp) => Promise<string> {
  return async (pattern) => {
    for (;;) {
      const line = await next();
      if (line === undefined) throw new Error(`it has ended: ${await errors()}`);
      if (pattern.test(line)) return line;
    }
  };
}

async function targetsOf(
  see: (pattern: RegExp) => Promise<string>,
  places: number,
): Promise<string[]> {
  const targets: string[] = [];
  while (targets.length < places) {
    const [, target = ''] = (await see(/^listening at /)).split(/^listening at (\S+)/);
    targets.push(target);
  }
  return targets;
}

/** A stream whose lines are waited for. */
class Lines implements TextStream {
  text = '';
  #read = 0;
  #isEnded = false;
  #wake: () => void = () => {};

  write(text: string, done?: () => void): boolean {
    this.text += text;
    this.#wake();
    done?.();
    return true;
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.text.indexOf('\n', this.#read);
      if (end !== -1) {
        const line = this.text.slice(this.#read, end);
        this.#read = end + 1;
        return line;
      }
      if (this.#isEnded) return undefined;
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await more.promise;
    }
  }

  once(): void {}

  off(): void {}
}
