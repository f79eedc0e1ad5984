import { inCallersWords } from '../../dialects/callers-words.ts';
import type { Dialect, JsonObject } from '../../dialects/dialect.ts';
import { encodeGenerateRequest } from '../../dialects/ollama/generate.ts';
import { ollamaDialect } from '../../dialects/ollama/index.ts';
import { chatOfCompletion } from '../../dialects/openai-chat/completion-as-chat.ts';
import { createCompletionEventEncoder } from '../../dialects/openai-chat/completion-events.ts';
import {
  completionOfChat,
  createCompletionEventDecoder,
  decodeCompletionRequest,
  decodeCompletionResponse,
  encodeCompletionRequest,
  encodeCompletionResponse,
} from '../../dialects/openai-chat/completions.ts';
import { openAiChatDialect } from '../../dialects/openai-chat/index.ts';
import type { CompletionRequest } from '../../neutral/completion.ts';
import type { Provider } from '../../providers/provider.ts';
import { answerChat, type ChatCall, type Via } from '../chat-endpoint.ts';
import type { Exchange } from '../exchange.ts';
import type { Services } from '../services.ts';
import { readCall } from './chat.ts';

/**
 * `POST /v1/completions`. A provider with this endpoint gets the bytes as they are; Ollama is asked
 * over `/api/generate`, which can fill in the middle too; any other gets the prompt as a chat.
 */
export async function completions(services: Services, exchange: Exchange): Promise<Response> {
  const call = await readCall(services, exchange, openAiChatDialect, false);
  let request: CompletionRequest | undefined;
  const decode = () => {
    request ??= decodeCompletionRequest(call.body);
    return request;
  };
  call.via = (provider) =>
    provider.supports('completions', 'openai-chat')
      ? { kind: 'completions', target: textCompletionDialect, passes: true }
      : completionVia(provider, call.body, decode);
  call.decode = () => {
    const chat = chatOfCompletion(decode());
    call.notes = chat.notes;
    return chat.request;
  };
  answerAsCompletion(call);
  return answerChat(services, exchange, call);
}

/**
 * How a completion in neutral form is asked of a provider; undefined where only its chat is left.
 * `given` is the caller's body, parsed.
 */
export function completionVia(
  provider: Provider,
  given: JsonObject,
  decode: () => CompletionRequest,
): Via | undefined {
  if (provider.supports('completions', 'openai-chat')) {
    return {
      kind: 'completions',
      target: textCompletionDialect,
      passes: false,
      encode: ({ model }) => {
        const request = decode();
        return inCallersWords(request.extensions.dialect, given, () =>
          encodeCompletionRequest(
            { ...request, streamUsage: true },
            { model: provider.wireModel?.(model) ?? model, quirks: provider.quirks },
          ),
        );
      },
    };
  }
  if (!provider.supports('completions', 'ollama')) return undefined;
  return {
    kind: 'completions',
    target: ollamaDialect,
    passes: false,
    encode: ({ model }) => {
      const request = decode();
      return inCallersWords(request.extensions.dialect, given, () =>
        encodeGenerateRequest(request, { model, quirks: provider.quirks }),
      );
    },
  };
}

/** OpenAI's answers to `/v1/completions`, read as a dialect of their own. */
const textCompletionDialect: Dialect = {
  ...openAiChatDialect,
  createEventDecoder: createCompletionEventDecoder,
  decodeResponse: (body) => {
    const { choices, ...answer } = decodeCompletionResponse(body);
    return {
      ...answer,
      choices: choices.map(({ text, ...choice }) => ({
        ...choice,
        parts: [{ type: 'text', text }],
      })),
    };
  },
};

function answerAsCompletion(call: ChatCall): void {
  call.createEncoder = createCompletionEventEncoder;
  call.encodeWhole = (response, context) =>
    encodeCompletionResponse(completionOfChat(response), context);
}
