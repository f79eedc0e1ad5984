import type { JsonObject } from '../dialect.ts';
import { neutralName } from '../field-names.ts';
import { refusedFields } from '../openai-model-limits.ts';
import type { TranslationNotes } from '../translation-notes.ts';
import { fieldNames } from './field-names.ts';

/** The smallest `max_output_tokens`. */
const minOutputTokens = 16;
/** The longest `safety_identifier`, in characters: a SHA-256 in hexadecimal just fits. */
const maxIdentifierLength = 64;

/**
 * Changes what the API would refuse the whole request for, and what another dialect's caller can't
 * know: a limit under the smallest, a long name of the user, what the model does not take. Source:
 * https://platform.openai.com/docs/api-reference/responses/create
 */
export function fitLimits(body: JsonObject, model: string, notes: TranslationNotes): void {
  const { max_output_tokens: limit, safety_identifier: user } = body;
  if (typeof limit === 'number' && limit < minOutputTokens) {
    body.max_output_tokens = minOutputTokens;
    notes.mapped('maxOutputTokens', `as ${minOutputTokens}, the least there is`);
  }
  if (typeof user === 'string' && user.length > maxIdentifierLength) {
    body.safety_identifier = new Bun.CryptoHasher('sha256').update(user).digest('hex');
    notes.mapped('user', 'as its SHA-256');
  }
  const effort = (body.reasoning as { effort?: string } | undefined)?.effort;
  const asChat = { ...body, ...(effort === undefined ? {} : { reasoning_effort: effort }) };
  for (const field of refusedFields(model, asChat)) {
    if (field === 'reasoning_effort') {
      delete body.reasoning;
      notes.dropped('reasoning');
    } else if (field in body) {
      delete body[field];
      notes.dropped(neutralName(fieldNames, field));
    }
  }
}
