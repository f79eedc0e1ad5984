import type { GuardrailConfig } from '@zeke/foundation';
import { findIn, guardRule, type TextRule } from '@zeke/gateway/guardrails';
import type { Scan } from '@zeke/mcp';

/**
 * Looks at results of calls as guardrails look at requests, since what a tool says goes to a model: what they
 * would redact or block is replaced by its kind, the rest is only told. Undefined where none looks at texts.
 */
export function resultScan(guardrails: ReadonlyMap<string, GuardrailConfig>): Scan | undefined {
  const rules = [...guardrails.values()]
    .filter(({ direction, scope }) => direction !== 'out' && Object.keys(scope).length === 0)
    .flatMap((config): TextRule[] => {
      const { check } = guardRule(config);
      return check.kind === 'texts' ? [check.rule] : [];
    });
  if (rules.length === 0) return undefined;
  return (text) => {
    const found = findIn(text, rules, 'plain');
    let clean = '';
    let at = 0;
    for (const { end, kind, rule, start } of found) {
      if (rule.action === 'report' || start < at) continue;
      clean += `${text.slice(at, start)}[${kind}]`;
      at = end;
    }
    return {
      text: clean + text.slice(at),
      kinds: [...new Set(found.map(({ kind, rule }) => `${rule.type}.${kind}`))],
    };
  };
}
