import type { DaemonClient } from '@zeke/protocol/client';
import type { SendRequest, SendResponse } from '@zeke/protocol/reaper';
import { type MessageInit, RpcError } from '@zeke/rpc';
import type { Context } from '../context.ts';
import { printable } from '../output.ts';
import { askQuestion, type QuestionReply, showQuestion } from './ask-question.ts';
import { answerQuestion } from './follow-run.ts';
import { LineReader } from './line-reader.ts';
import { usageText } from './run-printer.ts';

export interface AnswerOptions {
  readonly client: DaemonClient;
  readonly request: MessageInit<SendRequest>;
  /** The words are not told as they come, and nobody is asked. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** An answer that is whole. */
export interface ToldAnswer {
  readonly text: string;
  /** The last message of the answer. */
  readonly last: SendResponse;
}

/**
 * Asks a question about the project and tells the answer as it comes: its words on standard output, what the
 * model looks at on standard error. With a person at the terminal, questions of tools are asked.
 */
export async function tellAnswer(
  context: Context,
  { client, json, request, signal }: AnswerOptions,
): Promise<ToldAnswer> {
  const { interactive, output, stdin } = context;
  const { dim } = output.noteStyles;
  const isAttended = interactive && !json;
  using lines = isAttended ? new LineReader(stdin) : undefined;
  let text = '';
  for await (const part of client.chat.send({ ...request, attended: isAttended }, { signal })) {
    text += part.delta;
    if (!json) output.words(part.delta);
    if (part.activity !== '') output.note(dim(`● ${printable(part.activity)}`));
    if (part.question !== undefined && lines !== undefined) {
      const { question, sessionId: session } = part;
      showQuestion(output, question);
      const send = (reply: QuestionReply) => answerQuestion(client, session, question, reply);
      await askQuestion(context, question, lines, send, signal);
    }
    if (!part.done) continue;
    if (!json && !text.endsWith('\n')) output.line();
    if (!json && part.usage !== undefined && output.isTerminal) {
      output.note(dim(usageText(part.usage)));
    }
    return { text, last: part };
  }
  throw new RpcError('unavailable', 'the daemon went away before the answer was whole');
}
