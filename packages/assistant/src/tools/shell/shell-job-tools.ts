import { z } from 'zod';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolOutput } from '../tool.ts';
import { plainText } from './output-log.ts';
import type { Job, ShellHost } from './shell-host.ts';
import { showEnd } from './show-end.ts';

const id = z.number().int().min(1).describe('Number of the job');

/** Tools for commands that run beside the conversation. */
export function shellJobTools(host: ShellHost): readonly Tool[] {
  return [outputTool(host), inputTool(host), stopTool(host), listTool(host)] as readonly Tool[];
}

function outputTool(host: ShellHost) {
  return defineTool({
    name: 'shell_output',
    description:
      'Reads what a background job printed since the last time. Waits for new output or its end, wait_seconds at most.',
    isReadOnly: true,
    input: z.strictObject({
      id,
      wait_seconds: z.number().min(0).max(300).default(5).describe('0 does not wait'),
    }),
    actions: () => [],
    run: (call, { sessionId, signal }) =>
      withFailuresTold(async () => {
        const job = host.job(sessionId, call.id);
        if (job.unread.isEmpty && job.end === undefined) {
          await news(job, call.wait_seconds * 1_000, signal);
        }
        return readJob(job);
      }),
  });
}

function inputTool(host: ShellHost) {
  return defineTool({
    name: 'shell_input',
    aliases: ['writeStdin'],
    description: 'Writes to the standard input of a background job, or to its terminal.',
    isReadOnly: false,
    input: z.strictObject({
      id,
      text: z.string().max(65_536).describe('As it is: end a line with \\n'),
      end: z.boolean().default(false).describe('Its input ends after this'),
    }),
    // What is typed into a shell is a command: it is judged as one, where the job's words are known.
    actions: (call, { sessionId }) => {
      const job = host.jobs(sessionId).find((each) => each.id === call.id);
      if (job === undefined || job.end !== undefined) return [];
      const { command, cwd, reach } = job.running;
      return [{ kind: 'shell', command: `${command}\n${call.text}`, cwd, ...(reach && { reach }) }];
    },
    run: (call, { sessionId, signal }) =>
      withFailuresTold(async () => {
        const job = host.job(sessionId, call.id);
        if (job.end !== undefined) return { ...readJob(job), isError: true };
        job.running.write(call.text);
        if (call.end) job.running.closeInput();
        await news(job, answerMs, signal);
        return readJob(job);
      }),
  });
}

/** How long the answer to an input is waited for. */
const answerMs = 1_000;

function stopTool(host: ShellHost) {
  return defineTool({
    name: 'shell_stop',
    aliases: ['closePtySession'],
    description: 'Ends a background job and all that it started.',
    isReadOnly: true,
    input: z.strictObject({ id }),
    actions: () => [],
    run: (call, { sessionId }) =>
      withFailuresTold(async () => {
        const job = host.job(sessionId, call.id);
        job.running.stop();
        await job.running.ended;
        return readJob(job);
      }),
  });
}

function listTool(host: ShellHost) {
  return defineTool({
    name: 'shell_jobs',
    aliases: ['listPtySessions'],
    description: 'Lists the background jobs of this session.',
    isReadOnly: true,
    input: z.strictObject({}),
    actions: () => [],
    run: async (_call, { sessionId }) => {
      const jobs = host
        .jobs(sessionId)
        .map((job) => `${job.id}: ${stateOf(job)}: ${job.running.command}`);
      return { text: jobs.length === 0 ? 'no jobs' : jobs.join('\n') };
    },
  });
}

function stateOf({ end }: Job): string {
  return end === undefined ? 'running' : showEnd(end).text;
}

function readJob(job: Job): ToolOutput {
  const { bytes, dropped } = job.unread.take();
  const lost = dropped === 0 ? '' : `[… ${dropped} bytes before this were not read in time …]\n`;
  const text = plainText(bytes).trimEnd();
  const state = `job ${job.id} ${job.end === undefined ? 'is running' : 'has ended'}: ${stateOf(job)}`;
  return {
    text: `${lost}${text === '' ? '(nothing new)' : text}\n[${state}]`,
    summary: state,
  };
}

/** Resolves when there is something new, after the time, or when the call is canceled. */
async function news(job: Job, limitMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  job.waiting.add(resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  job.waiting.delete(resolve);
}
