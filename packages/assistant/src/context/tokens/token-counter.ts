import type { ModelPart, ModelUsage } from '../../model/model-client.ts';
import type { SentRequest } from '../context-builder.ts';
import { estimateTokens } from './estimate-tokens.ts';

/** An image costs by its size, which is not looked at: what providers ask for a large one. */
const tokensPerImage = 1_600;
/** Roles, marks between parts, a call's frame. */
const tokensPerPart = 4;
/** Models whose measure is remembered; beyond them the one used longest ago is forgotten. */
const maxModels = 32;
/** A request that is smaller says more of the provider's own additions than of its tokenizer. */
const minCalibrationTokens = 500;
/** A measure outside of these is no tokenizer, but a provider that counts something else. */
const [minFactor, maxFactor] = [0.5, 3];
/** How much one answer moves the measure. */
const weight = 0.3;

/**
 * Counts tokens of a session: estimates, which what providers report makes right, model by model.
 * Whoever counts for a limit counts this way, so that no number is a guess where one is known.
 */
export class TokenCounter {
  readonly #factors = new Map<string, number>();

  /** Tokens of a text for this model. */
  count(text: string, model: string): number {
    return Math.ceil(estimateTokens(text) * this.factor(model));
  }

  /** Tokens of some parts of messages. */
  countParts(parts: readonly ModelPart[], model: string): number {
    const factor = this.factor(model);
    return parts.reduce((sum, part) => sum + Math.ceil(estimatePart(part) * factor), 0);
  }

  /** Tokens of all that a request sends. */
  countRequest(request: SentRequest): number {
    return Math.ceil(estimateRequest(request) * this.factor(request.model));
  }

  /** What a provider's token is of one of ours; 1 as long as nothing was reported. */
  factor(model: string): number {
    return this.#factors.get(model) ?? 1;
  }

  /** Learns from what the provider says that a request took. */
  note(request: SentRequest, usage: ModelUsage): void {
    const estimate = estimateRequest(request);
    if (usage.inputTokens === undefined || estimate < minCalibrationTokens) return;
    const seen = usage.inputTokens / estimate;
    if (seen < minFactor || seen > maxFactor) return;
    const known = this.#factors.get(request.model);
    this.#factors.delete(request.model);
    this.#factors.set(request.model, known === undefined ? seen : known + weight * (seen - known));
    const [oldest] = this.#factors.keys();
    if (this.#factors.size > maxModels && oldest !== undefined) this.#factors.delete(oldest);
  }
}

function estimateRequest({ system, messages, tools = [] }: SentRequest): number {
  let tokens = estimateTokens(system);
  for (const { parts } of messages) {
    for (const part of parts) tokens += estimatePart(part);
  }
  for (const tool of tools) {
    tokens += tokensPerPart + estimateTokens(JSON.stringify(tool));
  }
  return tokens;
}

/** Parts are never changed, and a conversation is counted again before every request. */
const estimates = new WeakMap<ModelPart, number>();

function estimatePart(part: ModelPart): number {
  const known = estimates.get(part);
  if (known !== undefined) return known;
  const tokens = tokensPerPart + estimateContent(part);
  estimates.set(part, tokens);
  return tokens;
}

function estimateContent(part: ModelPart): number {
  switch (part.type) {
    case 'text':
      return estimateTokens(part.text);
    case 'image':
      return tokensPerImage;
    case 'reasoning':
      // Encrypted thoughts are about as long as what they hide.
      return estimateTokens(part.text) + (part.redacted?.length ?? 0) / 4;
    case 'tool-call':
      return estimateTokens(part.name) + estimateTokens(part.arguments);
    case 'tool-result':
      return part.content.reduce(
        (sum, item) => sum + (item.type === 'text' ? estimateTokens(item.text) : tokensPerImage),
        0,
      );
  }
}
