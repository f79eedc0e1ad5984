import type { OutputPart } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { decodeOutputBlock } from './decode-messages.ts';
import { errorOfAnswer } from './errors.ts';
import { decodeStopReason, stopSequenceOf } from './stop-reason.ts';
import { contentBlock } from './types.ts';
import { readUsage } from './usage.ts';

interface Answer {
  output: { message: { content: unknown[] } };
  stopReason?: unknown;
  additionalModelResponseFields?: unknown;
}

/**
 * Reads an answer of `Converse`. It has no id, time or model of its own: the first two are made
 * here, the last is empty. Throws `data_loss` for what is no such answer.
 */
export function decodeResponse(body: unknown): ChatResponse {
  const error = errorOfAnswer(body);
  if (error) throw error;
  const answer = body as Answer;
  const parts: OutputPart[] = [];
  for (const value of answer.output.message.content) {
    const block = contentBlock().safeParse(value);
    const part = block.success ? decodeOutputBlock(block.data) : undefined;
    if (part) parts.push(part);
  }
  const usage = readUsage(answer);
  const stopSequence = stopSequenceOf(answer.additionalModelResponseFields);
  return {
    id: `msg_${crypto.randomUUID()}`,
    model: '',
    createdAtMs: Date.now(),
    choices: [
      {
        parts,
        finishReason: decodeStopReason(answer.stopReason),
        ...(stopSequence === undefined ? {} : { stopSequence }),
      },
    ],
    ...(usage ? { usage } : {}),
  };
}
