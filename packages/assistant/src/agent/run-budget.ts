import type { ModelUsage } from '../model/model-client.ts';
import type { AgentEndReason, AgentUsage } from './agent-event.ts';

export interface RunLimits {
  /** Answers of models, those of subagents too. Default 50. */
  readonly maxSteps?: number;
  /** Default 10 minutes. */
  readonly timeoutMs?: number;
  /** Tokens in and out together. */
  readonly maxTokens?: number;
  readonly budgetMicroUsd?: number;
}

/** What to do about a budget of money where a model has no price. */
export const unkeptBudget =
  'the budget cannot be kept; set prices of the model in zeke.toml, or leave the budget out';

const defaultSteps = 50;
export const defaultTimeoutMs = 600_000;

/** What a run has used, its subagents too, against what it may. */
export class RunBudget {
  readonly maxSteps: number;
  readonly #limits: RunLimits;
  #steps = 0;
  #input = 0;
  #output = 0;
  #cached = 0;
  #cost: number | undefined;
  /** Something was used that nobody has a price for. */
  #isCostUnknown = false;

  constructor(limits: RunLimits) {
    this.#limits = limits;
    this.maxSteps = limits.maxSteps ?? defaultSteps;
  }

  get usage(): AgentUsage {
    return {
      steps: this.#steps,
      inputTokens: this.#input,
      outputTokens: this.#output,
      cachedInputTokens: this.#cached,
      ...(this.#cost !== undefined && { costMicroUsd: this.#cost }),
    };
  }

  /** Tokens that the next answer may still have; undefined without a limit. */
  get tokensLeft(): number | undefined {
    const { maxTokens } = this.#limits;
    return maxTokens === undefined
      ? undefined
      : Math.max(1, maxTokens - this.#input - this.#output);
  }

  /** There is a limit on money. */
  get isOfMoney(): boolean {
    return this.#limits.budgetMicroUsd !== undefined;
  }

  /** The next step is the last one that it may take. */
  get isLastStep(): boolean {
    return this.#steps + 1 === this.maxSteps && this.maxSteps > 1;
  }

  beginStep(): number {
    this.#steps += 1;
    return this.#steps;
  }

  add(usage: ModelUsage, costMicroUsd: number | undefined): void {
    this.#input += usage.inputTokens ?? 0;
    this.#output += usage.outputTokens ?? 0;
    this.#cached += usage.cachedInputTokens ?? 0;
    if (costMicroUsd === undefined) this.#isCostUnknown = true;
    else this.#cost = (this.#cost ?? 0) + costMicroUsd;
  }

  /** Why no further step may begin. */
  exceeded(): { readonly reason: AgentEndReason; readonly message: string } | undefined {
    const { maxTokens, budgetMicroUsd } = this.#limits;
    if (this.#steps >= this.maxSteps) {
      return {
        reason: 'max-steps',
        message: `the limit of ${this.maxSteps} ${this.maxSteps === 1 ? 'step' : 'steps'} is reached`,
      };
    }
    if (maxTokens !== undefined && this.#input + this.#output >= maxTokens) {
      return { reason: 'max-tokens', message: `the limit of ${maxTokens} tokens is reached` };
    }
    if (this.isOfMoney && this.#isCostUnknown) {
      return { reason: 'budget', message: `nobody knows what an answer cost: ${unkeptBudget}` };
    }
    if (budgetMicroUsd !== undefined && (this.#cost ?? 0) >= budgetMicroUsd) {
      const usd = (budgetMicroUsd / 1e6).toFixed(2);
      return { reason: 'budget', message: `the budget of ${usd} USD is spent` };
    }
    return undefined;
  }
}
