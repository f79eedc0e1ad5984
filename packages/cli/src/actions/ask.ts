import { RpcError } from '@zeke/rpc';
import { tellAnswer } from '../agent/tell-answer.ts';
import type { AskFlags } from '../commands/ask.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';
import { pipedText, withPiped } from '../piped-text.ts';

/**
 * `zeke ask`: the model may read the project, and changes nothing. `title` is that of a new session; empty: the
 * first words.
 */
export async function askProject(
  context: Context,
  words: string,
  flags: AskFlags,
  title = '',
): Promise<void> {
  const { cwd, interrupts, output } = context;
  const piped = await pipedText(context);
  const content = withPiped(words, piped).trim();
  if (content === '') {
    throw new RpcError('invalid_argument', 'nothing to ask: zeke ask "how does the cache work?"');
  }
  await using client = await openDaemon(context, flags);
  const sessionId = flags.continue
    ? (await client.session.resume({ sessionId: '', cwd })).session?.id
    : undefined;
  const request = {
    cwd,
    title,
    messages: [{ role: 'user', content }],
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
  const json = flags.json ?? false;
  const { signal } = interrupts;
  const { last, text } = await tellAnswer(context, { client, request, json, signal });
  const { finishReason, model, sessionId: session, usage } = last;
  if (json) output.json({ session, model, text, finish_reason: finishReason, usage });
}
