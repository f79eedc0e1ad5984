import type { AttributeValue } from '@zeke/foundation';
import type { JsonObject } from '../dialects/dialect.ts';
import type { FieldNames } from '../dialects/field-names.ts';

/** Attributes of the conventions by the neutral names of what they tell. */
const numbers = {
  maxOutputTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  seed: 'gen_ai.request.seed',
  presencePenalty: 'gen_ai.request.presence_penalty',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  choiceCount: 'gen_ai.request.choice.count',
} as const;

const maxStopSequences = 16;
const maxStopChars = 200;

/** What a request asks of the model beside its prompt, as it stands in the caller's body. */
export function requestAttributes(
  names: FieldNames,
  body: JsonObject,
): [name: string, value: AttributeValue][] {
  const found: [string, AttributeValue][] = [];
  for (const [neutral, name] of Object.entries(numbers)) {
    const value = valueAt(names[neutral], body);
    if (typeof value === 'number' && Number.isFinite(value)) found.push([name, value]);
  }
  const stop = stopSequences(valueAt(names.stop, body));
  if (stop.length > 0) found.push(['gen_ai.request.stop_sequences', stop]);
  return found;
}

function stopSequences(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list
    .slice(0, maxStopSequences)
    .flatMap((each) => (typeof each === 'string' ? [each.slice(0, maxStopChars)] : []));
}

/** The value at the first of a field's names that stands in the body. */
function valueAt(written: string | readonly string[] | undefined, body: JsonObject): unknown {
  for (const name of typeof written === 'string' ? [written] : (written ?? [])) {
    let value: unknown = body;
    for (const part of name.split('.')) {
      value = typeof value === 'object' && value !== null ? (value as JsonObject)[part] : undefined;
    }
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}
