import { RpcError } from '@zeke/rpc';
import type { AnswerGuard } from '../guardrails/answer-guard.ts';
import { answerBlocked } from '../guardrails/refusal.ts';

/** The largest stream that is held until it is judged, in bytes. */
const maxHeldBytes = 16 * 1024 * 1024;

/**
 * A stream that is given out when it has come to its end and webhooks have seen it, or an error in its
 * place, as `fail` tells it. What was used is on the ledger by then.
 */
export function judgedStream(
  body: ReadableStream<Uint8Array> | Uint8Array,
  guard: AnswerGuard,
  fail: (error: RpcError) => Uint8Array,
): ReadableStream<Uint8Array> {
  const stream = body instanceof ReadableStream ? body : new Blob([Buffer.from(body)]).stream();
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const chunks: Uint8Array[] = [];
          let length = 0;
          for (let next = await reader.read(); !next.done; next = await reader.read()) {
            chunks.push(next.value);
            length += next.value.length;
            if (length > maxHeldBytes) throw answerBlocked('webhook', 'is too large to be checked');
          }
          const [wanted] = guard.refusal ? [] : await guard.askWebhooks();
          // Where it stands in the stream's records can't be told any more.
          if (wanted) throw answerBlocked(wanted.rule, 'holds what has to be left out');
          for (const chunk of chunks) controller.enqueue(chunk);
        } catch (reason) {
          await reader.cancel(reason).catch(() => undefined);
          controller.enqueue(fail(RpcError.from(reason)));
        }
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
