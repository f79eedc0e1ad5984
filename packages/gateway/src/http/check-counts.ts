import type { JsonObject } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';
import type { RequestLimits } from './services.ts';

/** Where the dialects' requests have their messages. */
const messageLists = ['messages', 'contents', 'input'] as const;

/**
 * Refuses a request for an answer with more messages or tools than the configuration allows: each
 * costs work in every step. Throws `invalid_argument` that names the list.
 */
export function checkCounts(
  body: JsonObject,
  { maxMessages, maxTools }: Pick<RequestLimits, 'maxMessages' | 'maxTools'>,
): void {
  if (maxMessages !== undefined) {
    for (const name of messageLists) {
      const list = body[name];
      if (!Array.isArray(list) || list.length <= maxMessages) continue;
      throw tooMany(name, list.length, maxMessages, 'max_messages');
    }
  }
  if (maxTools === undefined || body.tools === undefined) return;
  const count = toolsIn(body.tools);
  if (count > maxTools) throw tooMany('tools', count, maxTools, 'max_tools');
}

/** Gemini has the functions of an entry in a list of their own. */
function toolsIn(tools: unknown): number {
  if (!Array.isArray(tools)) return 0;
  let count = tools.length;
  for (const tool of tools) {
    const functions: unknown = tool?.functionDeclarations ?? tool?.function_declarations;
    if (Array.isArray(functions)) count += functions.length - 1;
  }
  return count;
}

function tooMany(param: string, count: number, limit: number, key: string): Error {
  return apiError(
    'invalid_argument',
    `${param}: there are ${count}, and the limit is ${limit} (server.${key})`,
    { param, reason: 'request_too_large' },
  );
}
