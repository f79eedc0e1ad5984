import type { DaemonClient } from '@zeke/protocol/client';
import {
  Decision,
  QuestionAction,
  type QuestionAsked,
  StepStatus,
  StepUpdate,
} from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import type { Context } from '../context.ts';
import { askQuestion, type QuestionReply } from './ask-question.ts';
import { LineReader } from './line-reader.ts';
import { RunPrinter } from './run-printer.ts';

export interface FollowOptions {
  readonly client: DaemonClient;
  /** The run, as the daemon tells it; given up when the signal is aborted. */
  readonly updates: (signal: AbortSignal) => AsyncIterable<StepUpdate>;
  /** Each update as a line of JSON on standard output, and nothing else. */
  readonly json: boolean;
}

/** How a run ended. */
export interface RunEnd {
  readonly isCompleted: boolean;
  readonly sessionId: string;
  readonly reason: string;
}

/**
 * Tells what a run does until it ends. With a person at the terminal, questions are asked, and lines
 * typed in between are told to the agent. The first Ctrl-C asks it to end, the second leaves it.
 */
export async function followRun(context: Context, options: FollowOptions): Promise<RunEnd> {
  const { client, json, updates } = options;
  const { interactive, interrupts, output, stdin } = context;
  const printer = new RunPrinter(output);
  let sessionId = '';
  const steer = (text: string) => {
    if (text.trim() === '' || sessionId === '') return;
    void client.agent
      .respond({ sessionId, response: { case: 'steer', value: text } })
      .catch(() => output.note('zeke: it ended before it could be told'));
  };
  using lines = interactive && !json ? new LineReader(stdin, steer) : undefined;
  return await interrupts.scope(async (asked) => {
    asked.addEventListener('abort', () => {
      output.note('zeke: asked it to end; Ctrl-C again leaves at once');
      const response = { case: 'interrupt', value: true } as const;
      client.agent.respond({ sessionId, response }).catch(() => {});
    });
    for await (const update of updates(interrupts.signal)) {
      sessionId = update.sessionId || sessionId;
      if (json) output.line(JSON.stringify(StepUpdate.toJson(update)));
      else printer.show(update);
      const { event } = update;
      if (lines !== undefined) {
        const asking = { client, sessionId, lines, context, signal: asked };
        await answerIn(update, asking);
      }
      if (event.case === 'ended') {
        const isCompleted = update.status === StepStatus.completed;
        return { isCompleted, sessionId, reason: event.value.reason };
      }
    }
    throw new RpcError(
      'unavailable',
      'the daemon went away while the agent worked: zeke agent --continue goes on',
    );
  });
}

const answers: Readonly<Record<string, Decision>> = {
  y: Decision.allow_once,
  yes: Decision.allow_once,
  s: Decision.allow_session,
  session: Decision.allow_session,
  p: Decision.allow_project,
  project: Decision.allow_project,
  n: Decision.deny,
  no: Decision.deny,
};

interface Asking {
  readonly client: DaemonClient;
  readonly sessionId: string;
  readonly lines: LineReader;
  readonly context: Context;
  /** The run is to end: nobody need answer any more. */
  readonly signal: AbortSignal;
}

/** Has the person answer what an update asks, of the run or of a subagent in it. */
async function answerIn({ event }: StepUpdate, asking: Asking): Promise<void> {
  if (event.case === 'approval') await decide(event.value.approvalId, asking);
  else if (event.case === 'question') await answer(event.value, asking);
  else if (event.case === 'subagent' && event.value.update !== undefined) {
    await answerIn(event.value.update, asking);
  }
}

async function answer(question: QuestionAsked, asking: Asking): Promise<void> {
  const { client, context, lines, sessionId, signal } = asking;
  const send = (reply: QuestionReply) => answerQuestion(client, sessionId, question, reply);
  await askQuestion(context, question, lines, send, signal);
}

/** Sends what a person has answered. Throws `invalid_argument` for what does not fit the form. */
export async function answerQuestion(
  client: DaemonClient,
  sessionId: string,
  { questionId }: Pick<QuestionAsked, 'questionId'>,
  reply: QuestionReply,
): Promise<void> {
  const content = reply.action === 'accept' ? JSON.stringify(reply.content) : '';
  const value = { questionId, action: QuestionAction[reply.action], content };
  await client.agent.respond({ sessionId, response: { case: 'question', value } });
}

async function decide(
  approvalId: string,
  { client, context, lines, sessionId, signal }: Asking,
): Promise<void> {
  const { output } = context;
  const { bold } = output.noteStyles;
  for (;;) {
    output.note(bold('  allow? y once, s this session, p this project, n no, or say why not:'));
    const line = ((await lines.next(signal)) ?? 'no').trim();
    if (signal.aborted) return;
    if (line === '') continue;
    const decision = answers[line.toLowerCase()] ?? Decision.deny;
    const message = line.toLowerCase() in answers ? '' : line;
    const value = { approvalId, decision, message };
    await client.agent
      .respond({ sessionId, response: { case: 'approval', value } })
      // It may have been answered elsewhere, or have waited too long: the run goes on and says so.
      .catch((error: unknown) => output.note(`zeke: ${RpcError.from(error).message}`));
    return;
  }
}
