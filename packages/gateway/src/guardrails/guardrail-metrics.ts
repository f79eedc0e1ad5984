import type { GuardrailAction, Metrics } from '@zeke/foundation';

/** What guardrails and policies count. */
export interface GuardrailMetrics {
  finding(rule: string, action: GuardrailAction, direction: 'in' | 'out'): void;
  /** A webhook answered, or did not: `allow`, `block`, `redact`, `failed`. */
  webhook(rule: string, verdict: string): void;
  /** What a policy said: `deny`, `consent`. */
  policy(name: string, effect: string): void;
}

export function createGuardrailMetrics(metrics: Metrics): GuardrailMetrics {
  const findings = metrics.counter({
    name: 'gateway_guardrail_findings_total',
    help: 'What guardrails found, by rule, action and direction.',
    labels: ['rule', 'action', 'direction'],
  });
  const webhooks = metrics.counter({
    name: 'gateway_guardrail_webhooks_total',
    help: 'Answers of webhooks of guardrails.',
    labels: ['rule', 'verdict'],
  });
  const policies = metrics.counter({
    name: 'gateway_policy_refusals_total',
    help: 'Requests that a policy denied, or held for consent.',
    labels: ['policy', 'effect'],
  });
  return {
    finding: (rule, action, direction) => findings.labels(rule, action, direction).add(1),
    webhook: (rule, verdict) => webhooks.labels(rule, verdict).add(1),
    policy: (name, effect) => policies.labels(name, effect).add(1),
  };
}
