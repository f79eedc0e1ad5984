import { requestFault } from '../parse-request.ts';
import type { TranslationNotes } from '../translation-notes.ts';
import type { OllamaRequestOptions } from './types.ts';

/** The neutral fields that Ollama keeps in `options`. */
export interface Sampling {
  maxOutputTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  stop?: string[];
  presencePenalty?: number;
  frequencyPenalty?: number;
}

const names = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
} as const;

/** What each of the neutral fields is called in `options`. */
export const optionNames: Readonly<Record<keyof Sampling, string>> = {
  ...names,
  maxOutputTokens: 'num_predict',
  stop: 'stop',
};

/** `options` in neutral fields; `others` are those that only Ollama knows, if there are any. */
export function decodeOptions(options: OllamaRequestOptions): {
  sampling: Sampling;
  others: Record<string, unknown> | undefined;
} {
  const sampling: Sampling = {};
  const others: Record<string, unknown> = { ...options };
  for (const [neutral, wire] of Object.entries(names) as [keyof typeof names, string][]) {
    const value = others[wire];
    delete others[wire];
    if (typeof value === 'number') sampling[neutral] = value;
  }
  const { stop } = others as { stop?: string[] | string | null };
  delete others.stop;
  if (typeof stop === 'string') sampling.stop = [stop];
  else if (stop?.length) sampling.stop = stop;
  // -1 and -2 mean no limit and the rest of the context: only Ollama has such words.
  const limit = others.num_predict;
  if (limit === 0) throw requestFault('options.num_predict', 'must be at least 1, or -1');
  if (limit == null || (typeof limit === 'number' && limit > 0)) {
    delete others.num_predict;
    if (typeof limit === 'number') sampling.maxOutputTokens = limit;
  }
  return { sampling, others: Object.keys(others).length > 0 ? others : undefined };
}

/** The `options` of a request to a provider; undefined when there are none. */
export function encodeOptions(
  sampling: Sampling,
  others: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const options: Record<string, unknown> = { ...others };
  if (sampling.maxOutputTokens !== undefined) options.num_predict = sampling.maxOutputTokens;
  for (const [neutral, wire] of Object.entries(names) as [keyof typeof names, string][]) {
    if (sampling[neutral] !== undefined) options[wire] = sampling[neutral];
  }
  if (sampling.stop?.length) options.stop = sampling.stop;
  return Object.keys(options).length > 0 ? options : undefined;
}

/**
 * Parameters that only one dialect knows: of our own dialect they go out again, `options` apart;
 * another's are named in `notes`.
 */
export function ownExtensions(
  extensions: { dialect: string; fields: Record<string, unknown> },
  notes: TranslationNotes,
): { fields: Record<string, unknown>; options: Record<string, unknown> | undefined } {
  if (extensions.dialect !== 'ollama') {
    for (const name of Object.keys(extensions.fields)) notes.dropped(name);
    return { fields: {}, options: undefined };
  }
  const { options, ...fields } = extensions.fields;
  return { fields, options: options as Record<string, unknown> | undefined };
}

/** The fields of a body that `known` does not name. */
export function otherFields(
  body: Record<string, unknown>,
  known: ReadonlySet<string>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!known.has(name) && value != null) fields[name] = value;
  }
  return fields;
}
