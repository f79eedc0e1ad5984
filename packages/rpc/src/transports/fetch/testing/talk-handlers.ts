import { RpcError } from '../../../rpc-error.ts';
import type { TalkHandlers } from './talk-service.ts';

/** What `Talk` does in tests: echo, count, sum, and fail when told to. */
export const talkHandlers: TalkHandlers = {
  say(word, context) {
    const { metadata } = context;
    const asked = metadata.get('x-ask');
    if (asked !== undefined) {
      context.sendHeader({
        'x-answer': asked,
        'x-answer-bin': metadata.getBytes('x-ask-bin') ?? [],
      });
      context.trailer.append('x-after', asked).append('x-after-bin', Uint8Array.of(0, 255));
    }
    if (word.text === 'wait') return new Promise(() => {});
    if (word.text !== 'fail') return word;
    throw new RpcError('failed_precondition', word.tags[0] ?? '', {
      details: [{ type: 'zrpc.talk.Word', value: Uint8Array.of(10, 1, 120) }],
    });
  },
  look: (word) => word,
  async *count({ count, text }) {
    for (let i = 0n; i < count; i++) yield { count: i, text };
    if (text === 'fail') throw new RpcError('data_loss', 'the rest is gone');
  },
  async sum(words) {
    let count = 0n;
    for await (const word of words) count += word.count;
    return { count };
  },
  async *chat(words) {
    for await (const { count } of words) yield { count: count * 2n };
  },
};
