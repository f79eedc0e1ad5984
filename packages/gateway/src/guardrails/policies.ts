import type { PolicyConfig, PolicyEffect } from '@zeke/foundation';
import type { Need } from '../governance/consent/consents.ts';
import { type Asked, fits, isInScope } from './rule-scope.ts';

/** A request to one candidate, as policies see it. */
export interface PolicyQuestion extends Asked {
  /** Tools that it offers, or that were called before. */
  readonly tools: readonly string[];
  /** What guardrails found in it: kinds and types. */
  readonly data: Iterable<string>;
}

/** What policies say of it; the strictest of what they say of its parts. */
export type PolicyAnswer =
  | { readonly effect: 'allow' }
  | { readonly effect: 'deny'; readonly need: Need }
  | { readonly effect: 'consent'; readonly needs: readonly Need[] };

/** The most things that one question for consent may name. */
const maxNeeds = 32;

/**
 * Asks policies about a request: by itself, with each of its tools, with each kind of its data. Each time the
 * first that fits counts, and where none does it is allowed.
 */
export function askPolicies(
  policies: readonly PolicyConfig[],
  question: PolicyQuestion,
): PolicyAnswer {
  const inScope = policies.filter(({ scope }) => isInScope(scope, question));
  const needs = new Map<string, Need>();
  for (const data of [undefined, ...question.data]) {
    for (const tool of [undefined, ...question.tools]) {
      const policy = inScope.find((each) => isAbout(each, tool, data));
      if (!policy || policy.effect === 'allow') continue;
      const need = needOf(policy, question, tool, data);
      if (policy.effect === 'deny') return { effect: 'deny', need };
      if (needs.size < maxNeeds) needs.set(JSON.stringify([need.policy, need.what]), need);
    }
  }
  return needs.size === 0 ? { effect: 'allow' } : { effect: 'consent', needs: [...needs.values()] };
}

/** What the first policy that fits says of one tool; `allow` where none does. */
export function effectOnTool(
  policies: readonly PolicyConfig[],
  asked: Asked,
  tool: string,
): { effect: PolicyEffect; policy: string } {
  const policy = policies.find(
    (each) => isInScope(each.scope, asked) && isAbout(each, tool, undefined),
  );
  return { effect: policy?.effect ?? 'allow', policy: policy?.name ?? '' };
}

function isAbout(
  { data: wantedData, tools: wantedTools }: PolicyConfig,
  tool: string | undefined,
  data: string | undefined,
): boolean {
  return fits(wantedTools, tool) && fits(wantedData, data);
}

/** Of the request, what the policy names. */
function needOf(
  { data: wantedData, name, reason, scope, tools: wantedTools }: PolicyConfig,
  { candidate }: Asked,
  tool: string | undefined,
  data: string | undefined,
): Need {
  const { model, provider } = candidate;
  return {
    policy: name,
    reason,
    what: {
      ...(scope.models ? { model: `${provider.name}/${model}` } : {}),
      ...(scope.providers ? { provider: provider.name } : {}),
      ...(wantedTools && tool !== undefined ? { tool } : {}),
      ...(wantedData && data !== undefined ? { data } : {}),
    },
  };
}

/** `the tool shell, the provider openai`. */
export function needText({ what }: Need): string {
  const parts = Object.entries(what).map(([kind, name]) => `the ${kind} ${name}`);
  return parts.length > 0 ? parts.join(', ') : 'this request';
}
