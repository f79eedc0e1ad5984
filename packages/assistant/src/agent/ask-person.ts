import type { McpAnswer, McpQuestion } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import type { QuestionOutcome } from './open-questions.ts';
import type { RunParts } from './run-parts.ts';

/**
 * Has the user answer what an MCP server asks within a call. Where nobody is there it is declined, and
 * told; where nobody answers in time, or the server asks no more, it is canceled. That it was asked, and
 * how it ended, is in the session, what was given is not. Throws `canceled` with the run.
 */
export async function askPerson(
  question: McpQuestion,
  callId: string,
  parts: RunParts,
  signal: AbortSignal,
): Promise<McpAnswer> {
  const { channel, lease, onQuestion, signal: run } = parts;
  const { message, server } = question;
  const questionId = crypto.randomUUID();
  const asked = { kind: 'question', questionId, callId, server, message } as const;
  if (onQuestion === 'decline') {
    await lease.append({ ...asked, action: 'decline', by: 'policy' });
    const text = `the MCP server ${server} asked “${message}”; nobody is here to answer: declined`;
    await channel.send({ type: 'notice', text });
    return { action: 'decline' };
  }
  const { answer, by } = await outcomeOf(question, questionId, callId, parts, signal);
  const { action } = answer;
  run.throwIfAborted();
  await lease.append({ ...asked, action, by });
  await channel.send({ type: 'question-answered', questionId, action });
  return answer;
}

async function outcomeOf(
  question: McpQuestion,
  questionId: string,
  callId: string,
  { approvalTimeoutMs, channel, questions, signal: run }: RunParts,
  signal: AbortSignal,
): Promise<QuestionOutcome> {
  const either = AbortSignal.any([signal, run]);
  // It is open before it is told, since the answer may come at once.
  const answered = questions.ask(questionId, question, approvalTimeoutMs, either);
  answered.catch(() => {});
  const { message, server } = question;
  const shown =
    question.kind === 'url' ? { url: question.url, fields: [] } : { fields: question.fields };
  await channel.send({ type: 'question', questionId, callId, server, message, ...shown });
  try {
    return await answered;
  } catch (error) {
    if (run.aborted || RpcError.from(error).code !== 'canceled') throw error;
    return { answer: { action: 'cancel' }, by: 'timeout' };
  }
}
