import type { JsonObject } from '../dialects/dialect.ts';
import type { ModelAbility, ProviderModel } from '../providers/provider.ts';
import type { Candidate } from './model-catalog.ts';
import type { PlanRequest } from './plan.ts';

/** What a request asks of the model that is to answer it. */
export interface Needs {
  /** About how many tokens its prompt has, by its size. */
  readonly inputTokens: number;
  /** What its answer may have at most; 0 where it does not say. */
  readonly outputTokens: number;
  readonly abilities: readonly ModelAbility[];
}

/** Of text in JSON, in the long run. */
const bytesAToken = 4;
/**
 * Pictures, in the words of all dialects. Within a text these have a backslash before their second
 * quotation mark, so what people write about them is none.
 */
const pictureWords = [
  '"image_url"',
  '"input_image"',
  '"image"',
  '"inlineData"',
  '"inline_data"',
  '"images"',
];
const outputMembers = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];

/** What a plan is to know of a request's size, and of who lacks what for it, by what is told of models. */
export function planNeeds(
  text: string,
  body: JsonObject,
  toldOf: (candidate: Candidate) => ProviderModel | undefined,
): Required<Pick<PlanRequest, 'inputTokens' | 'lack'>> {
  let needs: Needs | undefined;
  return {
    inputTokens: tokensOf(text),
    lack: (candidate) => {
      const told = toldOf(candidate);
      if (told === undefined) return undefined;
      needs ??= needsOf(text, body);
      return lackOf(told, needs);
    },
  };
}

/** What a request needs, by its JSON, in any dialect and without decoding it. */
export function needsOf(text: string, body: JsonObject): Needs {
  const abilities: ModelAbility[] = [];
  if (offersTools(body)) abilities.push('tools');
  if (mayHoldPicture(text) && pictureWords.some((word) => text.includes(word))) {
    abilities.push('vision');
  }
  if (wantsThoughts(body)) abilities.push('thinking');
  if (wantsSchema(body)) abilities.push('structured');
  return {
    inputTokens: tokensOf(text),
    outputTokens: outputOf(body),
    abilities,
  };
}

/**
 * What a model is known to lack for a request, in words; undefined where it lacks nothing, or where
 * its provider does not tell.
 */
export function lackOf(model: ProviderModel, needs: Needs): string | undefined {
  const { abilities, contextTokens } = model;
  const tokens = needs.inputTokens + needs.outputTokens;
  if (contextTokens !== undefined && tokens > contextTokens) {
    return `a context of about ${tokens} tokens: it has ${contextTokens}`;
  }
  // Of who tells nothing, nothing is known.
  if (abilities === undefined || abilities.length === 0) return undefined;
  if (needs.abilities.length === 0) return undefined;
  const missing = needs.abilities.filter((each) => !abilities.includes(each));
  return missing.length === 0 ? undefined : missing.join(', ');
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / bytesAToken);
}

/** What all of the words have in common: most texts are looked through no further. */
function mayHoldPicture(text: string): boolean {
  return text.includes('image') || text.includes('inline');
}

function offersTools({ tool_choice: choice, tools }: JsonObject): boolean {
  return Array.isArray(tools) && tools.length > 0 && choice !== 'none';
}

function wantsThoughts(body: JsonObject): boolean {
  const { reasoning, reasoning_effort: effort, think, thinking } = body;
  if (typeof effort === 'string') return effort !== 'none';
  if (isObject(thinking)) return thinking.type !== 'disabled';
  if (isObject(reasoning)) return reasoning.effort !== 'none';
  const { generationConfig: config } = body;
  const thinkingConfig = isObject(config) ? config.thinkingConfig : undefined;
  if (isObject(thinkingConfig)) return thinkingConfig.thinkingBudget !== 0;
  return think === true;
}

/** Whether the answer is to follow a schema. Any model can be asked for JSON without one. */
function wantsSchema(body: JsonObject): boolean {
  const { format, generationConfig: config, output_config: output, text } = body;
  return (
    isOfSchema(body.response_format) ||
    isOfSchema(body.output_format) ||
    (isObject(text) && isOfSchema(text.format)) ||
    (isObject(output) && isOfSchema(output.format)) ||
    isObject(format) ||
    (isObject(config) && (isObject(config.responseSchema) || isObject(config.responseJsonSchema)))
  );
}

function isOfSchema(format: unknown): boolean {
  return isObject(format) && format.type === 'json_schema';
}

function outputOf(body: JsonObject): number {
  for (const member of outputMembers) {
    const value = body[member];
    if (typeof value === 'number' && Number.isFinite(value)) return Math.max(0, value);
  }
  const { generationConfig: config } = body;
  const told = isObject(config) ? config.maxOutputTokens : undefined;
  return typeof told === 'number' && Number.isFinite(told) ? Math.max(0, told) : 0;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
