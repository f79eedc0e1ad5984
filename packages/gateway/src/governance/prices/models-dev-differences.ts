/** Models whose prices differ, for one reason. */
interface KnownDifference {
  /** What was checked, and where; or that it is undetermined which list is right. */
  why: string;
  /** By models.dev's provider and name, and by kind of token: models.dev's price, then ours. */
  prices: Readonly<
    Record<string, Readonly<Record<string, readonly [theirs: number, ours: number]>>>
  >;
}

/**
 * Where models.dev and our catalogue, corrected, differ, and why ours stays. A difference that is
 * not here, or is here and is none any more, fails the test beside this file.
 */
export const knownDifferences: readonly KnownDifference[] = [
  {
    why: 'models.dev lists what `global.` profiles cost under the bare name. The catalogue takes a bare name for its own region, which costs a tenth more, as AWS says: https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html',
    prices: {
      'amazon-bedrock/anthropic.claude-fable-5': {
        input: [10, 11],
        output: [50, 55],
        cachedInput: [1, 1.1],
        cacheWrite5m: [12.5, 13.75],
      },
      'amazon-bedrock/anthropic.claude-fable-5-1': {
        input: [10, 11],
        output: [50, 55],
        cachedInput: [0.25, 0.275],
        cacheWrite5m: [12.5, 13.75],
      },
      'amazon-bedrock/anthropic.claude-haiku-4-5-20251001-v1:0': {
        input: [1, 1.1],
        output: [5, 5.5],
        cachedInput: [0.1, 0.11],
        cacheWrite5m: [1.25, 1.375],
      },
      'amazon-bedrock/anthropic.claude-opus-4-5-20251101-v1:0': {
        input: [5, 5.5],
        output: [25, 27.5],
        cachedInput: [0.5, 0.55],
        cacheWrite5m: [6.25, 6.875],
      },
      'amazon-bedrock/anthropic.claude-opus-4-7': {
        input: [5, 5.5],
        output: [25, 27.5],
        cachedInput: [0.5, 0.55],
        cacheWrite5m: [6.25, 6.875],
      },
      'amazon-bedrock/anthropic.claude-opus-4-8': {
        input: [5, 5.5],
        output: [25, 27.5],
        cachedInput: [0.5, 0.55],
        cacheWrite5m: [6.25, 6.875],
      },
      'amazon-bedrock/anthropic.claude-opus-5': {
        input: [5, 5.5],
        output: [25, 27.5],
        cachedInput: [0.5, 0.55],
        cacheWrite5m: [6.25, 6.875],
      },
      'amazon-bedrock/anthropic.claude-opus-5-5': {
        input: [4, 4.4],
        output: [20, 22],
        cachedInput: [0.2, 0.22],
        cacheWrite5m: [5, 5.5],
      },
      'amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0': {
        input: [3, 3.3],
        output: [15, 16.5],
        cachedInput: [0.3, 0.33],
        cacheWrite5m: [3.75, 4.125],
      },
      'amazon-bedrock/anthropic.claude-sonnet-5': {
        input: [2, 2.2],
        output: [10, 11],
        cachedInput: [0.2, 0.22],
        cacheWrite5m: [2.5, 2.75],
      },
    },
  },
  {
    why: 'The catalogue has the price of the 1M context, which needed a beta header; models.dev has none. Undetermined whether any such request is still taken.',
    prices: {
      'anthropic/claude-sonnet-4-5': {
        'input over 200000': [3, 6],
        'output over 200000': [15, 22.5],
        'cachedInput over 200000': [0.3, 0.6],
        'cacheWrite5m over 200000': [3.75, 7.5],
      },
      'anthropic/claude-sonnet-4-5-20250929': {
        'input over 200000': [3, 6],
        'output over 200000': [15, 22.5],
        'cachedInput over 200000': [0.3, 0.6],
        'cacheWrite5m over 200000': [3.75, 7.5],
      },
      'azure/claude-sonnet-4-5': {
        'input over 200000': [3, 6],
        'output over 200000': [15, 22.5],
        'cachedInput over 200000': [0.3, 0.6],
        'cacheWrite5m over 200000': [3.75, 7.5],
      },
      'google-vertex/claude-sonnet-4-5@20250929': {
        'input over 200000': [3, 6],
        'output over 200000': [15, 22.5],
        'cachedInput over 200000': [0.3, 0.6],
        'cacheWrite5m over 200000': [3.75, 7.5],
      },
    },
  },
  {
    why: "models.dev has a long-context price at these two platforms that neither Anthropic (https://platform.claude.com/docs/en/about-claude/pricing) nor models.dev's own entries for Anthropic have. Undetermined: the platforms' price pages were not to be had.",
    prices: {
      'azure/claude-opus-4-6': {
        'input over 200000': [10, 5],
        'output over 200000': [37.5, 25],
        'cachedInput over 200000': [1, 0.5],
        'cacheWrite5m over 200000': [12.5, 6.25],
      },
      'azure/claude-opus-4-8': {
        'input over 200000': [10, 5],
        'output over 200000': [37.5, 25],
        'cachedInput over 200000': [1, 0.5],
        'cacheWrite5m over 200000': [12.5, 6.25],
      },
      'google-vertex/claude-opus-4-7@default': {
        'input over 200000': [10, 5],
        'output over 200000': [37.5, 25],
        'cachedInput over 200000': [1, 0.5],
        'cacheWrite5m over 200000': [12.5, 6.25],
      },
      'google-vertex/claude-opus-4-8@default': {
        'input over 200000': [10, 5],
        'output over 200000': [37.5, 25],
        'cachedInput over 200000': [1, 0.5],
        'cacheWrite5m over 200000': [12.5, 6.25],
      },
      'google-vertex/claude-sonnet-4-6@default': {
        'input over 200000': [6, 3],
        'output over 200000': [22.5, 15],
        'cachedInput over 200000': [0.6, 0.3],
        'cacheWrite5m over 200000': [7.5, 3.75],
      },
    },
  },
  {
    why: 'One of both is rounded to the cent; the catalogue prices GPT-5 as OpenAI does. Undetermined what Azure bills.',
    prices: {
      'azure/gpt-5': { cachedInput: [0.13, 0.125] },
      'azure/gpt-5-codex': { cachedInput: [0.13, 0.125] },
      'azure/gpt-5-mini': { cachedInput: [0.03, 0.025] },
      'azure/gpt-5-nano': { cachedInput: [0.01, 0.005] },
      'azure/o4-mini': { cachedInput: [0.275, 0.28] },
    },
  },
  {
    why: "models.dev has the cached price of GPT-5.1; OpenAI's, a tenth of the input's, is in both lists under openai. Undetermined for Azure.",
    prices: {
      'azure/gpt-5.2': { cachedInput: [0.125, 0.175] },
    },
  },
  {
    why: "models.dev took over OpenAI's lower price of August 2026 for plain input and output only; cached and long input at twice and more are from before. Undetermined for Azure.",
    prices: {
      'azure/gpt-5.6-sol': {
        cachedInput: [0.5, 0.4],
        cacheWrite5m: [6.25, 5],
        'input over 272000': [10, 8],
        'output over 272000': [45, 30],
        'cachedInput over 272000': [1, 0.8],
        'cacheWrite5m over 272000': [12.5, 10],
      },
    },
  },
  {
    why: 'models.dev lists the price of images or video as output. The catalogue has the one of text there and, but for the video, the one of images as imageOutput. Google lists no price of cached input for these models that both agree on: ours is the full one.',
    prices: {
      'azure/gpt-image-1.5': { output: [32, 10] },
      'google-vertex/gemini-2.5-flash-image': { output: [30, 2.5] },
      'google-vertex/gemini-3-pro-image': { output: [120, 12], cachedInput: [0.2, 2] },
      'google-vertex/gemini-3.1-flash-image': { output: [60, 3], cachedInput: [0.05, 0.5] },
      'google/gemini-2.5-flash-image': { output: [30, 2.5], cachedInput: [0.075, 0.3] },
      'google/gemini-3-pro-image': { output: [120, 12] },
      'google/gemini-3-pro-image-preview': { output: [120, 12] },
      'google/gemini-3.1-flash-image': { output: [60, 3] },
      'google/gemini-3.1-flash-image-preview': { output: [60, 3] },
      'google/gemini-3.1-flash-lite-image': { output: [30, 1.5] },
      'google/gemini-omni-flash-preview': { output: [17.5, 9] },
    },
  },
  {
    why: 'models.dev was late: DeepSeek raised it on 2026-08-16 (https://api-docs.deepseek.com/quick_start/pricing), models.dev followed on 2026-10-02 with commit b2ab9735fe23.',
    prices: {
      'deepseek/deepseek-v4-pro': {
        input: [0.435, 0.66],
        output: [0.87, 1.98],
        cachedInput: [0.003625, 0.022],
      },
    },
  },
  {
    why: "models.dev has older prices; Mistral's page has ours: https://mistral.ai/pricing/api",
    prices: {
      'mistral/ministral-8b-latest': { input: [0.1, 0.15], output: [0.1, 0.15] },
      'mistral/voxtral-small-latest': { output: [0.3, 0.4] },
    },
  },
  {
    why: 'Free for a time, says models.dev, and deprecated. Undetermined: ours is the price of the model without `labs-`.',
    prices: {
      'mistral/labs-devstral-small-2512': { input: [0, 0.1], output: [0, 0.3] },
    },
  },
  {
    why: 'No difference in money: embeddings have no output.',
    prices: {
      'mistral/mistral-embed': { output: [0, 0.1] },
    },
  },
  {
    why: 'No difference in money: the model caches nothing.',
    prices: {
      'openai/gpt-3.5-turbo': { cachedInput: [0, 0.5] },
    },
  },
];
