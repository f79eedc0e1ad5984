import type { JsonObject } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';
import { topLevelMembers } from './splice-json.ts';

/**
 * Throws `invalid_argument` where a JSON body names its model more than once, or in other letters
 * too (`Model`): servers differ in which of them counts, so what was checked and priced might not
 * be what answers. `body` is `text` parsed.
 */
export function refuseTwoModels(text: string, body: JsonObject): void {
  const variant = Object.keys(body).find(isVariant);
  if (variant !== undefined) throw twoModels(`${variant} is not a field: write model`);
  if (namesTwice(text)) throw twoModels('model stands more than once');
}

const { length } = 'model';

function isVariant(key: string): boolean {
  return key.length === length && key !== 'model' && key.toLowerCase() === 'model';
}

/** A body that leaves open which model is meant. */
export function twoModels(message: string): Error {
  return apiError('invalid_argument', message, { param: 'model' });
}

function namesTwice(text: string): boolean {
  const first = text.indexOf('"model"');
  const plainlyOnce = text.indexOf('"model"', first + 1) < 0 && !text.includes('\\u');
  if (plainlyOnce) return false;
  return topLevelMembers(text).filter(({ key }) => key === 'model').length > 1;
}
