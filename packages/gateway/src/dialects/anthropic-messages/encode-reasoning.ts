import type { Reasoning, ReasoningEffort } from '../../neutral/chat-request.ts';
import { budgetOfEffort, effortOfBudget } from '../../neutral/reasoning-budget.ts';
import type { JsonObject } from '../dialect.ts';
import { isLoopWithoutThoughts } from '../tool-loop.ts';
import type { EncodeJob } from './encode-job.ts';

/** The smallest `budget_tokens`. */
const minBudget = 1_024;
const order: readonly ReasoningEffort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export interface EncodedReasoning {
  thinking?: JsonObject;
  effort?: ReasoningEffort;
  /** Tokens to think with that `max_tokens` has to be above. */
  budget: number;
  /** True when thinking was turned on here. */
  active: boolean;
}

/**
 * Reasoning as the model takes it: a budget, `adaptive`, or an effort; each stands for the others
 * by the neutral table.
 */
export function encodeReasoning(job: EncodeJob, toolForced: boolean): EncodedReasoning {
  const { reasoning } = job.request;
  if (!reasoning) return { budget: 0, active: false };
  if (reasoning.enabled === false || reasoning.effort === 'none') return turnedOff(job, reasoning);
  const isEffortAlone =
    job.own && !reasoning.enabled && !reasoning.adaptive && reasoning.budgetTokens === undefined;
  const asAdaptive = usesAdaptive(reasoning, job.rules.thinking);
  const refusal = isEffortAlone ? undefined : whyOff(job, asAdaptive, toolForced);
  if (refusal !== undefined) job.notes.dropped('reasoning', refusal);
  if (isEffortAlone || refusal !== undefined) {
    return { ...effortOnly(job, reasoning.effort), budget: 0, active: false };
  }
  return asAdaptive ? adaptive(job, reasoning) : budgeted(job, reasoning);
}

function usesAdaptive(reasoning: Reasoning, thinking: EncodeJob['rules']['thinking']): boolean {
  if (!thinking.budget || !thinking.adaptive) return thinking.adaptive;
  if (reasoning.budgetTokens !== undefined) return false;
  return reasoning.adaptive === true || thinking.preferred === 'adaptive';
}

/** Why thinking can't be on here; undefined when it can. */
function whyOff(
  { rules, request }: EncodeJob,
  asAdaptive: boolean,
  toolForced: boolean,
): string | undefined {
  if (!rules.thinking.budget && !rules.thinking.adaptive) return 'the model does not think';
  if (toolForced && !rules.forcedToolsWhileThinking) return 'a tool call is forced';
  if (asAdaptive) return undefined;
  const max = request.maxOutputTokens ?? Number.MAX_SAFE_INTEGER;
  if (max <= minBudget) return 'the limit of the answer leaves no room';
  if (rules.thinkingKeptInLoops && isLoopWithoutThoughts(request.messages, 'anthropic-messages')) {
    return 'the tool calls before it came without thinking';
  }
  return undefined;
}

function turnedOff(job: EncodeJob, reasoning: Reasoning): EncodedReasoning {
  const { rules, notes } = job;
  const off = { budget: 0, active: false };
  if (rules.thinkingOff === 'never') {
    notes.mapped('reasoning.enabled', 'as the lowest effort');
    return { ...off, effort: 'low' };
  }
  const { effort } = effortOnly(job, reasoning.effort);
  const isTooHigh = !rules.thinkingOffAtAnyEffort && (effort === 'xhigh' || effort === 'max');
  if (isTooHigh) notes.mapped('reasoning.effort', 'as high');
  const sent: ReasoningEffort | undefined = isTooHigh ? 'high' : effort;
  return {
    ...off,
    ...(sent ? { effort: sent } : {}),
    ...(rules.thinkingOff === 'omit' ? {} : { thinking: { type: rules.thinkingOff } }),
  };
}

function adaptive(job: EncodeJob, reasoning: Reasoning): EncodedReasoning {
  let { effort } = reasoning;
  if (reasoning.budgetTokens !== undefined) {
    effort ??= effortOfBudget(reasoning.budgetTokens);
    job.notes.mapped('reasoning.budgetTokens', 'as an effort');
  }
  return {
    thinking: { type: 'adaptive', ...display(job, reasoning) },
    ...effortOnly(job, effort),
    budget: 0,
    active: true,
  };
}

function budgeted(job: EncodeJob, reasoning: Reasoning): EncodedReasoning {
  const { request, notes, rules, own } = job;
  const wanted = reasoning.budgetTokens ?? budgetOfEffort(reasoning.effort ?? 'medium');
  const given = request.maxOutputTokens ?? rules.maxOutputTokens;
  const max = own ? given : Math.min(given, rules.maxOutputTokens);
  let budget = Math.max(minBudget, wanted);
  if (budget >= max) budget = Math.max(minBudget, Math.floor(max / 2));
  if (reasoning.budgetTokens === undefined) {
    notes.mapped(reasoning.effort ? 'reasoning.effort' : 'reasoning', 'as a thinking budget');
  } else if (budget !== wanted) {
    notes.mapped('reasoning.budgetTokens', `as ${budget}`);
  }
  return {
    thinking: { type: 'enabled', budget_tokens: budget, ...display(job, reasoning) },
    ...(rules.efforts.length > 0 ? effortOnly(job, reasoning.effort) : {}),
    budget,
    active: true,
  };
}

/** The effort in the model's own levels: the nearest one below, else the lowest. */
function effortOnly(
  { rules, notes }: EncodeJob,
  effort: ReasoningEffort | undefined,
): { effort?: ReasoningEffort } {
  if (effort === undefined || effort === 'none') return {};
  if (rules.efforts.includes(effort)) return { effort };
  const lowest = rules.efforts[0];
  if (lowest === undefined) {
    notes.dropped('reasoning.effort');
    return {};
  }
  const rank = order.indexOf(effort);
  const below = rules.efforts.findLast((level) => order.indexOf(level) < rank) ?? lowest;
  notes.mapped('reasoning.effort', `as ${below}`);
  return { effort: below };
}

function display({ notes }: EncodeJob, { show }: Reasoning): { display?: string } {
  if (show === undefined) return {};
  if (show === 'concise' || show === 'detailed') notes.mapped('reasoning.show', 'as summarized');
  return { display: show === 'none' ? 'omitted' : 'summarized' };
}
