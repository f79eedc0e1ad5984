import { type CallToolResult, UrlElicitationRequiredError } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { words } from './hub-error.ts';
import type { CallOptions } from './hub-types.ts';
import { maxQuestionsPerCall } from './limits.ts';
import { maxQuestionMs, type Questions, shownUrl } from './questions.ts';

/**
 * What becomes of a call that a server of 2025-11-25 refuses until somebody has been to an address (−32042):
 * the person is asked to go there, and the result says what came of it, and to call again where they went.
 * Undefined for any other failure, and where nobody can be asked.
 */
export async function requiredVisits(
  failure: unknown,
  server: string,
  { answer }: Questions,
  { origin, signal = new AbortController().signal }: CallOptions,
): Promise<CallToolResult | undefined> {
  const cause = failure instanceof Error ? failure.cause : undefined;
  if (!(cause instanceof UrlElicitationRequiredError) || answer === undefined) return undefined;
  const visits = visitsSchema.safeParse(cause.elicitations);
  if (!visits.success) return undefined;
  for (const visit of visits.data) {
    const url = shownUrl(visit.url);
    if (url === undefined) return refusal(`${server} wants the user to open what no browser may`);
    const base = {
      server,
      message: words(visit.message),
      ...(origin === undefined ? {} : { origin }),
    };
    const { action } = await answer(
      { ...base, kind: 'url', url },
      AbortSignal.any([signal, AbortSignal.timeout(maxQuestionMs)]),
    );
    if (action !== 'accept')
      return refusal(`${server} needs the user to open an address, and they did not`);
  }
  return refusal(
    `${server} has sent the user to an address: ask whether they are done there, and call again`,
  );
}

const visitsSchema = z
  .array(z.object({ url: z.string(), message: z.string() }))
  .min(1)
  .max(maxQuestionsPerCall);

function refusal(text: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text }] };
}
