import { RpcError } from '@zeke/rpc';
import { type Answer, ask, type Message } from '../ask.ts';
import { openClient } from '../client.ts';
import type { ChatFlags } from '../commands/chat.ts';
import type { Context } from '../context.ts';
import { pipedText } from '../piped-text.ts';

/** Asks once, with the words of the command line and what is piped in, or talks with a person. */
export async function chat(context: Context, words: string, flags: ChatFlags): Promise<void> {
  const piped = await pipedText(context);
  const prompt = [words, piped].filter((text) => text.trim() !== '').join('\n\n');
  if (prompt === '' && (!context.interactive || flags.json)) {
    throw new RpcError(
      'invalid_argument',
      'nothing to ask: give a prompt, as in zeke chat "Hello", or pipe one in',
    );
  }
  await using client = await openClient(context, flags);
  if (prompt === '') {
    const { converse } = await import('../converse.ts');
    // Not returned as a promise, since the client is disposed of before that is waited for.
    await converse(context, client, flags);
    return;
  }
  const { output, interrupts } = context;
  const answer = await ask({
    client,
    model: flags.model,
    messages: openingMessages(flags, prompt),
    signal: interrupts.signal,
    onText: (text) => {
      if (!flags.json) output.words(text);
    },
  });
  if (flags.json) output.json(jsonOf(answer));
  else if (!answer.text.endsWith('\n')) output.line();
}

function openingMessages({ system }: ChatFlags, prompt: string): Message[] {
  const first: Message[] = system === undefined ? [] : [{ role: 'system', content: system }];
  return [...first, { role: 'user', content: prompt }];
}

function jsonOf({ model, text, finishReason, usage }: Answer) {
  return { model, text, finishReason, usage };
}
