import type { EncodeResponseContext } from '../dialects/dialect.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { ChatCall } from './chat-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { wantsUsage } from './outgoing-body.ts';

/** What an answer of this candidate is written with for its caller. */
export function answerContext(
  exchange: Exchange,
  call: Pick<ChatCall, 'body' | 'dialect' | 'model'>,
  { provider, model }: { provider: Pick<Candidate['provider'], 'name'>; model: string },
): EncodeResponseContext {
  return {
    model: call.model === 'auto' ? `${provider.name}/${model}` : call.model,
    request: call.body,
    requestId: exchange.requestId,
    responseId: idPrefix[call.dialect.name] + exchange.requestId.slice('req_'.length),
    createdAtMs: exchange.atMs,
    ...(exchange.includesCost || wantsUsage(call.body) ? { streamUsage: true } : {}),
  };
}

/** What the ids of answers begin with, where a dialect's clients look for it. */
const idPrefix: Record<DialectName, string> = {
  'openai-chat': 'chatcmpl-',
  'openai-responses': 'resp_',
  'anthropic-messages': 'msg_',
  gemini: '',
  ollama: '',
  'bedrock-converse': '',
};
