import type { JsonObject } from '../../dialects/dialect.ts';
import type { ChatMessage, ChatRequest } from '../../neutral/chat-request.ts';
import { cacheKey, type KeyedRequest, type KeyRules } from '../cache-key.ts';

/** A question in words, and all else that has to be the same for an answer to do. */
export interface Question {
  /** Requests of one partition differ in nothing but the question. */
  readonly partition: string;
  readonly text: string;
}

export interface QuestionRules extends KeyRules {
  /** Whether requests with tools count. */
  readonly withTools: boolean;
}

/** The longest text that embedding models take, generously, in characters. */
const maxTextChars = 32_000;

/**
 * What a request asks in its last message, where that is words of the user and nothing else. Its
 * model, its system prompt, what was said before, its tools and parameters, its routing, the key that
 * asks and the rules that it is held to are its partition. Undefined for other requests.
 */
export function questionOf(request: KeyedRequest, rules: QuestionRules): Question | undefined {
  const { call } = request;
  if (call.via) return undefined;
  const decoded = decodedOf(call);
  if (decoded === undefined) return undefined;
  const { messages, tools = [] } = decoded;
  if (tools.length > 0 && !rules.withTools) return undefined;
  const last = messages.at(-1);
  const text = last && wordsOf(last);
  if (!last || !text || text.length > maxTextChars) return undefined;
  const rest: ChatRequest = {
    ...decoded,
    messages: [...messages.slice(0, -1), withoutWords(last)],
  };
  const { dialect, forwardHeaders } = call;
  const partition = cacheKey(
    {
      ...request,
      // By what it means, and within the one dialect where bytes go through.
      passes: false,
      call: { ...call, decode: () => rest },
      guard: JSON.stringify([
        request.guard ?? null,
        request.passes ? [dialect.name, forwardHeaders ?? {}, besideTalk(call.body)] : null,
      ]),
    },
    rules,
  );
  return partition === undefined ? undefined : { partition, text };
}

/** Where bodies hold what was said, and what of them says nothing of the answer. */
const talk: ReadonlySet<string> = new Set([
  'messages',
  'input',
  'contents',
  'model',
  'stream',
  'stream_options',
  'metadata',
  'user',
]);

/** Members that the neutral form may have no room for. */
function besideTalk(body: JsonObject): [string, unknown][] {
  return Object.entries(body)
    .filter(([name]) => !talk.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function decodedOf(call: KeyedRequest['call']): ChatRequest | undefined {
  try {
    return call.decode();
  } catch {
    // What is wrong with the request is told by who would have to answer it.
    return undefined;
  }
}

/** The text of a message of the user's; undefined where it holds anything else. */
function wordsOf({ parts, role }: ChatMessage): string | undefined {
  if (role !== 'user') return undefined;
  const texts: string[] = [];
  for (const part of parts) {
    if (part.type !== 'text') return undefined;
    texts.push(part.text);
  }
  return texts.join('\n').trim();
}

/** What else a message says of itself has to be the same. */
function withoutWords(message: ChatMessage): ChatMessage {
  return { ...message, parts: message.parts.map((part) => ({ ...part, text: '' })) as never };
}
