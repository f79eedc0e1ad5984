import { createHmac } from 'node:crypto';
import type { GuardrailCheck } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { readLimited } from '../framing/read-limited.ts';

type WebhookSettings = Extract<GuardrailCheck, { type: 'webhook' }>;

/** What a webhook is sent, as JSON. */
export interface WebhookQuestion {
  readonly rule: string;
  readonly direction: 'in' | 'out';
  readonly request_id: string;
  /** As the caller names it. */
  readonly model: string;
  readonly key_id?: string | undefined;
  readonly owner?: string | undefined;
  /** All texts with their places. */
  readonly texts: readonly { readonly field: string; readonly text: string }[];
}

/** What it says; `failed` says why there is no good answer. */
export type WebhookVerdict =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'block'; readonly reason?: string | undefined }
  | { readonly verdict: 'redact'; readonly texts: readonly string[] }
  | { readonly verdict: 'failed'; readonly why: string };

/** The largest answer of a webhook, in bytes. */
const maxAnswerBytes = 1024 * 1024;
const maxReasonChars = 300;
const maxTexts = 1_000;
const maxTextChars = 10_000;

const answerSchema = z.discriminatedUnion('verdict', [
  z.object({ verdict: z.literal('allow') }),
  z.object({
    verdict: z.literal('block'),
    reason: z
      .string()
      .transform((reason) => reason.slice(0, maxReasonChars))
      .optional(),
  }),
  z.object({
    verdict: z.literal('redact'),
    texts: z.array(z.string().min(1).max(maxTextChars)).max(maxTexts),
  }),
]);

/**
 * Asks a webhook, and waits for it no longer than its time limit, however it answers.
 * @throws RpcError canceled when the client has left.
 */
export async function askWebhook(
  fetcher: typeof fetch,
  { secret, timeoutMs, url }: WebhookSettings,
  question: WebhookQuestion,
  client: AbortSignal,
): Promise<WebhookVerdict> {
  const body = JSON.stringify(question);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (secret) {
    const mac = createHmac('sha256', secret.reveal()).update(body).digest('hex');
    headers['x-zeke-signature'] = `sha256=${mac}`;
  }
  const limit = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<WebhookVerdict>();
  const timer = setTimeout(() => {
    resolve({ verdict: 'failed', why: `it did not answer within ${timeoutMs} ms` });
    limit.abort();
  }, timeoutMs);
  const signal = AbortSignal.any([client, limit.signal]);
  const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
  // What does not heed its signal is not waited for either.
  const verdict = await Promise.race([late, read(fetcher(url, init))]);
  clearTimeout(timer);
  if (client.aborted) throw new RpcError('canceled', 'the client left');
  return verdict;
}

async function read(answer: Promise<Response>): Promise<WebhookVerdict> {
  try {
    const response = await answer;
    if (!response.ok) {
      await response.body?.cancel();
      return { verdict: 'failed', why: `it answered with HTTP ${response.status}` };
    }
    const bytes = await readLimited(response.body, maxAnswerBytes, () => new Error('too large'));
    const parsed = answerSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (parsed.success) return parsed.data;
    return { verdict: 'failed', why: 'its answer has no verdict of allow, block or redact' };
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    return { verdict: 'failed', why: why.slice(0, maxReasonChars) };
  }
}
