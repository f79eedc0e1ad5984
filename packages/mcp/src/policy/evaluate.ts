import type { McpEffect, McpRuleConfig, McpScope } from '@zeke/foundation';
import { type CompiledRule, maxMatchedChars } from './compile-rules.ts';
import type { McpCall } from './mcp-call.ts';

type Decision = Exclude<McpEffect, 'audit'>;

/** What rules say of a call. */
export interface Verdict {
  readonly effect: Decision;
  /** The rule that decided; absent where none fits. */
  readonly rule?: McpRuleConfig;
  /** Rules that want it on the audit log. */
  readonly marks: readonly string[];
}

/**
 * Judges a call: by the first rule that fits, or as all others. What can touch several things is judged for
 * each of them, and the strictest counts: deny before consent, consent before allow. Pure.
 */
export function evaluate(
  rules: readonly CompiledRule[],
  otherwise: Decision,
  call: McpCall,
): Verdict {
  const fitting = rules.filter((rule) => fits(rule, call));
  const marks = fitting.filter(({ config }) => config.effect === 'audit');
  const deciding = fitting.filter(({ config }) => config.effect !== 'audit');
  const scopes: readonly (McpScope | undefined)[] =
    call.scopes.length === 0 ? [undefined] : call.scopes;
  let strictest: Omit<Verdict, 'marks'> | undefined;
  for (const scope of scopes) {
    const config = deciding.find((rule) => touches(rule.config, scope))?.config;
    const effect = (config?.effect as Decision | undefined) ?? otherwise;
    if (strictest && strictness[strictest.effect] >= strictness[effect]) continue;
    strictest = { effect, ...(config ? { rule: config } : {}) };
  }
  return {
    ...(strictest ?? { effect: otherwise }),
    marks: marks
      .filter(({ config }) => scopes.some((scope) => touches(config, scope)))
      .map(({ config }) => config.name),
  };
}

const strictness: Readonly<Record<Decision, number>> = { allow: 0, require_consent: 1, deny: 2 };

function touches({ scopes }: McpRuleConfig, scope: McpScope | undefined): boolean {
  return scopes === undefined || (scope !== undefined && scopes.includes(scope));
}

function fits({ arguments: places, callers, config, tools }: CompiledRule, call: McpCall): boolean {
  if (config.direction !== 'both' && config.direction !== call.direction) return false;
  if (tools && !tools.some((tool) => tool(call.name))) return false;
  if (callers && !callers.some((caller) => caller(call.caller.id))) return false;
  return places.every(({ test, values }) =>
    values(call.arguments).some((value) => {
      const text = textOf(value);
      return text.length > maxMatchedChars ? config.effect !== 'allow' : test(text);
    }),
  );
}

/** Texts as they are, and the rest as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
