import { RpcError } from '@zeke/rpc';
import { usageText } from '../agent/run-printer.ts';
import type { AskFlags } from '../commands/ask.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';
import { printable } from '../output.ts';
import { pipedText } from '../piped-text.ts';

/** `zeke ask`: the model may read the project, and changes nothing. */
export async function askProject(context: Context, words: string, flags: AskFlags): Promise<void> {
  const { cwd, interrupts, output } = context;
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
  const request = {
    cwd,
    messages: [{ role: 'user', content }],
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
  for await (const part of client.chat.send(request, { signal: interrupts.signal })) {
    text += part.delta;
    if (!flags.json) output.write(part.delta);
    if (part.activity !== '') output.note(dim(`● ${printable(part.activity)}`));
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
