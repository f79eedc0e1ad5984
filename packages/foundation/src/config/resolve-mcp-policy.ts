import { PatternFault, parsePattern } from '../patterns/parse-pattern.ts';
import { compileProgram } from '../patterns/program.ts';
import { userPath } from '../secrets/references.ts';
import { type JsonPathFault, parseJsonPath } from '../text/json-path.ts';
import { defined } from './defined.ts';
import {
  type McpArgumentConfig,
  type McpPolicyConfig,
  type McpRuleConfig,
  type McpScope,
  type McpServeConfig,
  mcpScopeAliases,
} from './mcp-policy-config.ts';
import type { ValidConfig } from './schema.ts';

type ValidRule = ValidConfig['mcp']['rules'][string];
type Fault = (path: readonly string[], message: string) => void;

/** `[mcp.serve]`. Paths start from the folder of the file. */
export function resolveMcpServe(
  { serve }: Pick<ValidConfig['mcp'], 'serve'>,
  folder: string,
): McpServeConfig {
  return defined({
    enabled: serve.enabled,
    project: serve.project === undefined ? undefined : userPath(serve.project, folder),
    callers: serve.callers ?? [],
    allowedHosts: serve.allowed_hosts ?? [],
    maxSessions: serve.max_sessions,
    sessionIdleMs: serve.session_idle_ms,
    maxSessionCalls: serve.max_session_calls,
  });
}

/** `[mcp.policy]` and `[mcp.rules.NAME]`. `fault` is told the key at fault. */
export function resolveMcpPolicy(
  { policy, rules }: Pick<ValidConfig['mcp'], 'policy' | 'rules'>,
  fault: Fault,
): McpPolicyConfig {
  return {
    rules: Object.entries(rules).map(([name, rule]) =>
      ruleOf(name, rule, (key, message) => fault(['mcp', 'rules', name, ...key], message)),
    ),
    otherwise: policy.otherwise,
    consentTimeoutMs: policy.consent_timeout_ms,
    maxResultBytes: Math.floor(policy.max_result_kb * 1_024),
    pinTools: policy.pin_tools,
    audit: policy.audit,
  };
}

function ruleOf(name: string, rule: ValidRule, fault: Fault): McpRuleConfig {
  const values = [
    ...argumentsOf('arguments', rule.arguments, 'glob', fault),
    ...argumentsOf('argument_patterns', rule.argument_patterns, 'pattern', fault),
  ];
  if (rule.calls_per_minute !== undefined && rule.effect !== 'allow') {
    fault(['calls_per_minute'], 'it is for effect = "allow"');
  }
  if (rule.consent_for === 'tool' && rule.effect !== 'require_consent') {
    fault(['consent_for'], 'it is for effect = "require_consent"');
  }
  return defined({
    name,
    effect: rule.effect,
    direction: rule.direction,
    tools: rule.tools,
    scopes: rule.scopes?.map(scopeOf),
    callers: rule.callers,
    arguments: values.length === 0 ? undefined : values,
    callsPerMinute: rule.calls_per_minute,
    consentFor: rule.consent_for,
    reason: rule.reason,
  });
}

function scopeOf(name: NonNullable<ValidRule['scopes']>[number]): McpScope {
  return name in mcpScopeAliases
    ? mcpScopeAliases[name as keyof typeof mcpScopeAliases]
    : (name as McpScope);
}

function argumentsOf(
  key: string,
  table: Readonly<Record<string, string>> | undefined,
  type: 'glob' | 'pattern',
  fault: Fault,
): McpArgumentConfig[] {
  return Object.entries(table ?? {}).map(([path, text]) => {
    const why = faultOf(path, type === 'pattern' ? text : undefined);
    if (why !== undefined) fault([key, path], why);
    return { path, value: { type, text } };
  });
}

function faultOf(path: string, pattern: string | undefined): string | undefined {
  try {
    parseJsonPath(path);
    if (pattern !== undefined) compileProgram([parsePattern(pattern)]);
    return undefined;
  } catch (reason) {
    if (reason instanceof PatternFault) return reason.message;
    if ((reason as JsonPathFault).name === 'JsonPathFault') return (reason as Error).message;
    throw reason;
  }
}
