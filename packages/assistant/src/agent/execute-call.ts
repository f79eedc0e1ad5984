import { RpcError } from '@zeke/rpc';
import type { Action } from '../permissions/action.ts';
import type { ToolOutput, ToolPerson } from '../tools/tool.ts';
import { askPerson } from './ask-person.ts';
import { placeOf } from './decide-call.ts';
import type { PreparedCall } from './prepare-call.ts';
import type { RunParts } from './run-parts.ts';

/** How long a tool may go on after its run was canceled, in milliseconds; then it is left behind. */
const graceMs = 10_000;

/** Runs a call that is allowed. Whatever the tool does, there is an output; it never throws. */
export async function executeCall(
  { runnable, part, fault }: PreparedCall,
  allowed: readonly Action[],
  parts: RunParts,
): Promise<{ readonly output: ToolOutput; readonly durationMs: number }> {
  const { options, channel, judge, signal } = parts;
  const callId = part.id;
  const onProgress = (text: string): void =>
    channel.sendNow({ type: 'tool-progress', callId, text });
  const person: ToolPerson = {
    id: parts.rootSessionId,
    ask: (question, asked) => askPerson(question, callId, parts, asked),
  };
  const context = { ...placeOf(parts), callId, signal, allowed, onProgress, person };
  const startedMs = options.now();
  const output = await withGrace(
    async () => {
      if (runnable === undefined) return { text: fault };
      const hides = await judge.hides?.();
      return await runnable.tool.run(runnable.input, { ...context, ...(hides && { hides }) });
    },
    signal,
    (error) => options.onDefect?.(error, part.name),
  );
  return { output, durationMs: options.now() - startedMs };
}

async function withGrace(
  work: () => Promise<ToolOutput>,
  signal: AbortSignal,
  onDefect: (error: unknown) => void,
): Promise<ToolOutput> {
  const { promise: gaveUp, resolve } = Promise.withResolvers<ToolOutput>();
  let timer: Timer | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => resolve(canceledOutput), graceMs);
  };
  const failed = (error: unknown): ToolOutput => {
    if (signal.aborted) return canceledOutput;
    onDefect(error);
    const { message } = RpcError.from(error);
    return { text: `The tool failed: ${message}`, isError: true, summary: 'failed' };
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work().catch(failed), gaveUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const canceledOutput: ToolOutput = {
  text: 'The call was canceled before it was done; what it did until then stays.',
  isError: true,
  summary: 'canceled',
};
