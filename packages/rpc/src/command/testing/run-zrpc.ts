import { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { ProcessInterrupts } from '../interrupts.ts';
import { Output, type TextStream } from '../output.ts';
import { run } from '../run.ts';
import type { ZrpcResult } from './zrpc-process.ts';

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Standard output is a terminal. */
  readonly terminal?: boolean;
}

/** Runs a command line within this process, which is faster than a process of its own. */
export async function runZrpc(
  args: readonly string[],
  { environment = {}, input = '', terminal = false }: RunOptions = {},
): Promise<ZrpcResult> {
  const stdout = new Text(terminal);
  const stderr = new Text(false);
  const context: Context = {
    name: 'zrpc',
    environment,
    output: new Output({ stdout, stderr, environment }),
    interrupts: new ProcessInterrupts(),
    stdin: Readable.from([Buffer.from(input)]) as unknown as NodeJS.ReadStream,
  };
  const code = await run(args, context);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Text implements TextStream {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string, done?: () => void): boolean {
    this.text += text;
    done?.();
    return true;
  }

  once(): void {}

  off(): void {}
}
