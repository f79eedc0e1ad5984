import type { ChatRequest } from '../neutral/chat-request.ts';
import { tryCandidates } from '../routing/try-candidates.ts';
import { askForVectors, embeddingDialect } from './ask-for-vectors.ts';
import { attempt } from './attempt.ts';
import type { ChatCall } from './chat-endpoint.ts';
import type { Exchange } from './exchange.ts';
import { guardedQuestion } from './guarded.ts';
import type { Services } from './services.ts';

/**
 * Makes a vector of a text of a caller's request, by a model of the configuration's: an attempt like any
 * other, with its budgets, its privacy, its guardrails and its row on the ledger. Rejects with RpcError.
 */
export async function embedQuestion(
  services: Services,
  exchange: Exchange,
  call: Pick<ChatCall, 'dialect'>,
  question: { model: string; text: string; signal: AbortSignal },
): Promise<ArrayLike<number>> {
  const { model, signal, text } = question;
  const candidates = await services.catalog.resolve(model);
  const entry = { minUsefulTokens: 0, lost: signal };
  const before = exchange.attempts;
  return tryCandidates(candidates, signal, async (candidate, number) => {
    const asked = await guardedQuestion(exchange, chatOf(candidate.model, text), candidate);
    const input = textOf(asked);
    const dialect = embeddingDialect('openai-chat', candidate.provider);
    const options = {
      candidate,
      requestedModel: model,
      operation: 'embeddings',
      callerDialect: call.dialect.name,
      providerDialect: dialect,
      streamed: false,
      attempt: before + number,
      asks: { input },
    } as const;
    const request = {
      model,
      inputs: [input],
      extensions: { dialect: 'openai-chat', fields: {} },
    } as const;
    const { vectors } = await attempt(
      services,
      exchange,
      options,
      input,
      (step) => askForVectors(step, { ...request, inputs: [input] }, dialect),
      entry,
    );
    return vectors[0] ?? [];
  });
}

function chatOf(model: string, text: string): ChatRequest {
  const messages: ChatRequest['messages'] = [{ role: 'user', parts: [{ type: 'text', text }] }];
  return {
    model,
    system: [],
    messages,
    stream: false,
    extensions: { dialect: 'openai-chat', fields: {} },
  };
}

function textOf({ messages }: ChatRequest): string {
  const parts = messages[0]?.parts ?? [];
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
