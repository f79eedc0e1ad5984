import { costMember, type Usage } from '../../neutral/usage.ts';
import type { Frame } from '../dialect.ts';
import type { CompletionUsage } from './types.ts';

/** Stands in every usage record and, unlike `"usage"`, not in the chunks that say `"usage":null`. */
export const usageMark = '"prompt_tokens"';

/** Adds what a stream's chunk says of usage; the last chunk that says something is right. */
export function scanUsage(frame: Frame, usage: Usage): void {
  if (!frame.data.startsWith('{')) return;
  let chunk: unknown;
  try {
    chunk = JSON.parse(frame.data);
  } catch {
    return;
  }
  const found = readUsage(chunk);
  if (found) Object.assign(usage, found);
}

/** Usage of an answer's body, of a chunk, or of an answer with vectors. */
export function readUsage(body: unknown): Usage | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { usage, x_groq } = body as { usage?: unknown; x_groq?: { usage?: unknown } | null };
  return usageOf(usage ?? x_groq?.usage);
}

/**
 * A provider's usage record. `completion_tokens` should hold the reasoning tokens, but xAI and
 * Google's OpenAI endpoint count them in `total_tokens` only, so the larger count is taken.
 * DeepSeek tells cached tokens in `prompt_cache_hit_tokens`.
 */
export function usageOf(value: unknown): Usage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  const input = count(record, 'prompt_tokens');
  const answered = count(record, 'completion_tokens');
  const total = count(record, 'total_tokens');
  if (input === 0 && answered === 0 && total === 0) return undefined;
  const usage: Usage = { input, output: Math.max(answered, total - input) };
  const prompt = details(record, 'prompt_tokens_details');
  const completion = details(record, 'completion_tokens_details');
  put(usage, 'cachedInput', count(prompt, 'cached_tokens') || count(record, hitTokens));
  put(usage, 'cacheWrite5m', count(prompt, 'cache_write_tokens'));
  put(usage, 'audioInput', count(prompt, 'audio_tokens'));
  put(usage, 'imageInput', count(prompt, 'image_tokens'));
  put(usage, 'reasoning', count(completion, 'reasoning_tokens'));
  put(usage, 'audioOutput', count(completion, 'audio_tokens'));
  put(usage, 'imageOutput', count(completion, 'image_tokens'));
  return usage;
}

/** A usage record in OpenAI's words. Cache writes of both lifetimes stand in one number there. */
export function usageRecord(usage: Usage): CompletionUsage {
  const written = (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInput ?? 0,
      ...(written ? { cache_write_tokens: written } : {}),
      audio_tokens: usage.audioInput ?? 0,
      ...(usage.imageInput ? { image_tokens: usage.imageInput } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning ?? 0,
      audio_tokens: usage.audioOutput ?? 0,
      ...(usage.imageOutput ? { image_tokens: usage.imageOutput } : {}),
    },
    ...costMember(usage),
  };
}

const hitTokens = 'prompt_cache_hit_tokens';
const noDetails: Readonly<Record<string, unknown>> = {};

function details(record: Record<string, unknown>, name: string): Readonly<Record<string, unknown>> {
  const value = record[name];
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)
    : noDetails;
}

function count(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name];
  return typeof value === 'number' && value > 0 ? value : 0;
}

function put(usage: Usage, name: Exclude<keyof Usage, 'estimated'>, tokens: number): void {
  if (tokens > 0) usage[name] = tokens;
}
