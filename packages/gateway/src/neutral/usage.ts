/**
 * Tokens of one answer. `input` and `output` are totals; the other fields say what part of them was
 * of a special kind, so `input - cachedInput - cacheWrite5m - cacheWrite1h` was read at full price.
 */
export interface Usage {
  input: number;
  output: number;
  /** Part of `input` read from the provider's prompt cache. */
  cachedInput?: number;
  /** Part of `input` written to the prompt cache for five minutes. */
  cacheWrite5m?: number;
  /** Part of `input` written to the prompt cache for an hour. */
  cacheWrite1h?: number;
  /** Part of `output` spent on reasoning. */
  reasoning?: number;
  audioInput?: number;
  audioOutput?: number;
  imageInput?: number;
  imageOutput?: number;
  /** True when we counted, because the provider did not say. */
  estimated?: boolean;
  /** What it has cost, where the caller wants to be told; micro-USD. */
  costMicroUsd?: number;
}

/** The member in which a caller is told the cost, in any dialect; nothing where there is none. */
export function costMember(usage: Usage | undefined): { omen?: { cost_usd: number } } {
  const { costMicroUsd } = usage ?? {};
  return costMicroUsd === undefined ? {} : { omen: { cost_usd: costMicroUsd / 1e6 } };
}
