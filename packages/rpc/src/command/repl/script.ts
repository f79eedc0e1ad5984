import type { Context } from '../context.ts';
import { unlessAborted } from '../wait.ts';
import type { OpenSession } from './repl.ts';
import { InputSplitter } from './session/input-splitter.ts';
import type { Session } from './session/session.ts';

/**
 * Runs the inputs of standard input, one after the other; answers go to standard output, all else to
 * standard error. An interrupt ends them.
 * @returns the exit code of the first that failed.
 */
export async function runScript(context: Context, open: OpenSession): Promise<number> {
  const { output, interrupts, stdin } = context;
  const view = {
    styles: output.styles,
    isInteractive: false,
    result: (text: string) => output.result(text),
    note: (text: string) => output.note(text),
  };
  await using session = await open(view, () => {});
  const { signal } = interrupts;
  const splitter = new InputSplitter();
  const lines = linesOf(stdin);
  for (let line = 1; !session.hasEnded; line++) {
    const { value, done } = await unlessAborted(signal, lines.next());
    const input = done ? splitter.end() : splitter.push(value);
    if (input !== undefined) await runOne(session, input, { signal, line });
    if (done) break;
  }
  if (session.call !== undefined) await runOne(session, 'end', { signal, line: 0 });
  signal.throwIfAborted();
  return session.exitCode;
}

interface Place {
  readonly signal: AbortSignal;
  /** Where the input ends. */
  readonly line: number;
}

async function runOne(session: Session, input: string, { signal, line }: Place): Promise<void> {
  const interrupt = (): void => {
    session.interrupt();
    session.call?.cancel();
  };
  signal.addEventListener('abort', interrupt, { once: true });
  await session.run(input, `standard input:${line}: `);
  signal.removeEventListener('abort', interrupt);
}

async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
  return undefined;
}
