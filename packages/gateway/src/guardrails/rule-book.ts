import type { GuardrailConfig, PolicyConfig } from '@zeke/foundation';
import { createGuardrailMetrics, type GuardrailMetrics } from './guardrail-metrics.ts';
import { Guardrails, type GuardrailsOptions } from './guardrails.ts';

/** What the configuration says of rules; absent where there are none. */
export interface RuleSettings {
  readonly guardrails?: readonly GuardrailConfig[] | undefined;
  readonly policies?: readonly PolicyConfig[] | undefined;
}

export interface RuleBookOptions extends Omit<GuardrailsOptions, 'metrics' | 'policies' | 'rules'> {
  readonly metrics: Parameters<typeof createGuardrailMetrics>[0];
}

/** Makes the rules of a configuration, again whenever it changes. */
export class RuleBook {
  readonly #options: Omit<GuardrailsOptions, 'policies' | 'rules'>;
  readonly #metrics: GuardrailMetrics;

  constructor(options: RuleBookOptions) {
    this.#metrics = createGuardrailMetrics(options.metrics);
    this.#options = { ...options, metrics: this.#metrics };
  }

  /** Undefined where there are no rules: then nothing is done for them. */
  of({ guardrails = [], policies = [] }: RuleSettings): Guardrails | undefined {
    if (guardrails.length === 0 && policies.length === 0) return undefined;
    return new Guardrails({ ...this.#options, policies, rules: guardrails });
  }
}
