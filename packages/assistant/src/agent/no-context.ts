import type { ContextBuilder } from '../context/context-builder.ts';
import { estimateTokens } from '../context/tokens/estimate-tokens.ts';

/** A context that adds nothing: the prompt, the words and the conversation as they are. */
export const noContext: ContextBuilder = {
  system: async ({ base }) => ({ text: base, notices: [] }),
  expand: async (text) => ({ parts: [{ type: 'text', text }], notices: [] }),
  prepare: async ({ messages, system, compaction }) => {
    const tokens = estimateTokens(system + JSON.stringify(messages));
    return {
      messages,
      ...(compaction !== undefined && { compaction }),
      isCompacted: false,
      tokensBefore: tokens,
      tokensAfter: tokens,
      notices: [],
    };
  },
  noteUsage: () => {},
  noteChanges: async () => {},
  touch: async () => [],
};
