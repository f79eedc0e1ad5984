import type { ChatRequest } from '../neutral/chat-request.ts';
import type { Usage } from '../neutral/usage.ts';
import type { CountableText } from './attempt-record.ts';
import type { TokenCounter } from './tokens/token-counter.ts';

/**
 * Counts what a provider did not say: the texts that were sent and answered, with OpenAI's newest
 * vocabulary, which is near enough to that of others for an estimate. Images, sounds and documents
 * are not counted. The result is marked estimated.
 */
export async function estimateUsage(
  counter: TokenCounter,
  { input, output, outputShare }: CountableText,
): Promise<Usage> {
  const [inputTokens = 0, outputTokens = 0] = await counter.count([textOfBody(input), output]);
  const share = outputShare > 0 ? outputShare : 1;
  return { input: inputTokens, output: Math.round(outputTokens / share), estimated: true };
}

/** Members of a request that hold no text a model reads. */
const notRead = new Set([
  'model',
  'role',
  'type',
  'id',
  'call_id',
  'tool_call_id',
  'tool_use_id',
  'url',
  'image_url',
  'data',
  'file_data',
  'images',
  'signature',
  'thoughtSignature',
  'encrypted_content',
  'metadata',
  'user',
  'media_type',
  'mimeType',
]);
const maxDepth = 64;

/** The texts in a request's JSON that a model reads; of what is not JSON, all. */
export function textOfBody(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return body;
  }
  const texts: string[] = [];
  collect(value, texts, 0);
  return texts.join('\n');
}

function collect(value: unknown, texts: string[], depth: number): void {
  if (typeof value === 'string') texts.push(value);
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  for (const [key, member] of Object.entries(value)) {
    if (!notRead.has(key)) collect(member, texts, depth + 1);
  }
}

/** The texts of a decoded request. */
export function textOfRequest(request: ChatRequest): string {
  const { system, messages, tools } = request;
  return textOfBody(JSON.stringify({ system, messages, tools }));
}
