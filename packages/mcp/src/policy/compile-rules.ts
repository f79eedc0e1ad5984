import { type McpRuleConfig, parseJsonPath, valuesAt } from '@zeke/foundation';
import { type Fit, Matcher, parsePattern } from '@zeke/foundation/patterns';

/** Whether a text fits, in time that grows with its length alone. */
export type TextTest = (text: string) => boolean;

/** A rule, ready to be asked. */
export interface CompiledRule {
  readonly config: McpRuleConfig;
  readonly tools?: readonly TextTest[];
  readonly callers?: readonly TextTest[];
  readonly arguments: readonly {
    readonly values: (args: unknown) => readonly unknown[];
    readonly test: TextTest;
  }[];
}

/**
 * The longest argument that is looked at, in characters. One that is longer fits every rule that refuses or
 * asks, and none that allows: nobody gets past a rule by being long.
 */
export const maxMatchedChars = 1_000_000;

/** Rules as the configuration has them, which found them good. */
export function compileRules(rules: readonly McpRuleConfig[]): CompiledRule[] {
  return rules.map((config) => ({
    config,
    ...(config.tools ? { tools: config.tools.map(glob) } : {}),
    ...(config.callers ? { callers: config.callers.map(glob) } : {}),
    arguments: (config.arguments ?? []).map(({ path, value }) => {
      const steps = parseJsonPath(path);
      return {
        values: (args) => valuesAt(args, steps),
        test: value.type === 'glob' ? glob(value.text) : somewhere(value.text),
      };
    }),
  }));
}

/** `*` stands for any text, also none, and the whole has to fit. Each part is taken where it first fits. */
export function glob(pattern: string): TextTest {
  const parts = pattern.split('*');
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

/** One try from the beginning, behind any text, finds a pattern wherever it is. */
function somewhere(pattern: string): TextTest {
  const items = [anything, parsePattern(pattern)];
  const matcher = new Matcher([{ type: 'sequence', items }], maxMatchedChars);
  return (text) => {
    const fits: Fit[] = [];
    matcher.try(text, 0, matcher.textStart, true, fits);
    return fits.length > 0;
  };
}

const anything = parsePattern('[\\s\\S]*');
