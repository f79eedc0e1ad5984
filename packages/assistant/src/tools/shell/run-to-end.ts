import { RpcError } from '@zeke/rpc';
import type { ToolContext, ToolOutput } from '../tool.ts';
import { plainText } from './output-log.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import type { CommandRequest, RunningCommand, ShellHost } from './shell-host.ts';
import { showEnd } from './show-end.ts';

/**
 * Starts a command and waits for it: what it printed, cut in the middle where that is long, and how it
 * ended. Throws `canceled`, and as `ShellHost.start` does.
 */
export async function runToEnd(
  host: ShellHost,
  request: Pick<CommandRequest, 'command' | 'cwd' | 'reach' | 'hasTerminal'>,
  timeoutSeconds: number,
  context: ToolContext,
): Promise<ToolOutput> {
  const { signal } = context;
  using progress = new ProgressThrottle((bytes) => context.onProgress(plainText(bytes)));
  if (signal.aborted) throw new RpcError('canceled', 'the call was canceled');
  const running = await host.start(context, {
    ...request,
    hasInput: false,
    timeoutMs: timeoutSeconds * 1_000,
    onOutput: (chunk) => progress.add(chunk),
  });
  const stop = (): void => running.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await outputOf(host, running, timeoutSeconds, context);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function outputOf(
  host: ShellHost,
  running: RunningCommand,
  timeoutSeconds: number,
  context: ToolContext,
): Promise<ToolOutput> {
  const end = await running.ended;
  if (context.signal.aborted) throw new RpcError('canceled', 'the call was canceled');
  const text = running.output.text(running.outputPath).trimEnd();
  const shown = showEnd(end, timeoutSeconds);
  const hint = shown.isError ? await hintOf(host, text, context) : '';
  return {
    text: `${text === '' ? '(no output)' : text}\n[${shown.text}]${hint}`,
    isError: shown.isError,
    summary: shown.text,
  };
}

/** A command that failed at the sandbox's walls is told of them. */
async function hintOf(host: ShellHost, text: string, context: ToolContext): Promise<string> {
  const isBlocked =
    /read-only file system|network is unreachable|could ?n[o']t resolve|name resolution|EROFS|ENETUNREACH|EAI_AGAIN|getaddrinfo/i.test(
      text,
    );
  if (!isBlocked || !(await host.isConfined(context))) return '';
  return `\n[${await host.describe(context)}; ask for more by network or outside_sandbox of the tool shell]`;
}
