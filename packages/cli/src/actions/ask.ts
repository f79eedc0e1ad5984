import { RpcError } from '@zeke/rpc';
import { askQuestion, type QuestionReply, showQuestion } from '../agent/ask-question.ts';
import { answerQuestion } from '../agent/follow-run.ts';
import { LineReader } from '../agent/line-reader.ts';
import { usageText } from '../agent/run-printer.ts';
import type { AskFlags } from '../commands/ask.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';
import { printable } from '../output.ts';
import { pipedText } from '../piped-text.ts';

/** `zeke ask`: the model may read the project, and changes nothing. */
export async function askProject(context: Context, words: string, flags: AskFlags): Promise<void> {
  const { cwd, interactive, interrupts, output, stdin } = context;
  const piped = await pipedText(context);
  const content = [words, piped].filter((text) => text.trim() !== '').join('\n\n');
  if (content === '') {
    throw new RpcError('invalid_argument', 'nothing to ask: zeke ask "how does the cache work?"');
  }
  await using client = await openDaemon(context, flags);
  const sessionId = flags.continue
    ? (await client.session.resume({ sessionId: '', cwd })).session?.id
    : undefined;
  const { dim } = output.noteStyles;
  let text = '';
  const isAttended = interactive && flags.json !== true;
  using lines = isAttended ? new LineReader(stdin) : undefined;
  const { signal } = interrupts;
  const request = {
    cwd,
    attended: isAttended,
    messages: [{ role: 'user', content }],
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
  for await (const part of client.chat.send(request, { signal })) {
    text += part.delta;
    if (!flags.json) output.write(part.delta);
    if (part.activity !== '') output.note(dim(`● ${printable(part.activity)}`));
    if (part.question !== undefined && lines !== undefined) {
      const { question, sessionId: session } = part;
      showQuestion(output, question);
      const send = (reply: QuestionReply) => answerQuestion(client, session, question, reply);
      await askQuestion(context, question, lines, send, signal);
    }
    if (!part.done) continue;
    if (flags.json) {
      const { finishReason, model, sessionId: session, usage } = part;
      output.json({ session, model, text, finish_reason: finishReason, usage });
    } else {
      if (!text.endsWith('\n')) output.line();
      if (part.usage !== undefined && output.isTerminal) output.note(dim(usageText(part.usage)));
    }
  }
}
