import type {
  GuardrailAction,
  GuardrailCheck,
  GuardrailConfig,
  ScopeConfig,
} from '@zeke/foundation';
import { denyListDetectors, maxDeniedChars } from './detectors/deny-list.ts';
import { maxPersonalDataChars, personalDataDetectors } from './detectors/personal-data.ts';
import { maxSecretChars, secretDetectors } from './detectors/secrets.ts';
import { fits } from './rule-scope.ts';
import { TextRule } from './text-rule.ts';

/** What a rule does with texts. */
type GuardCheck =
  | { readonly kind: 'texts'; readonly rule: TextRule }
  | { readonly kind: 'size'; readonly limits: Extract<GuardrailCheck, { type: 'max_size' }> }
  | { readonly kind: 'webhook'; readonly settings: Extract<GuardrailCheck, { type: 'webhook' }> };

/** A guardrail, ready for use. */
export interface GuardRule {
  readonly name: string;
  readonly type: GuardrailCheck['type'];
  readonly action: GuardrailAction;
  readonly direction: GuardrailConfig['direction'];
  readonly scope: ScopeConfig;
  readonly check: GuardCheck;
  /** The same for two rules that do the same. */
  readonly fingerprint: string;
}

/** Makes a rule of its configuration. Throws for a pattern that `resolveRules` would refuse. */
export function guardRule(config: GuardrailConfig): GuardRule {
  const { action, check, direction, name, scope } = config;
  return {
    name,
    type: check.type,
    action,
    direction,
    scope,
    check: checkOf(config),
    // Secrets hide from JSON, and who signs makes no difference.
    fingerprint: JSON.stringify([name, action, direction, check]),
  };
}

function checkOf({ action, check, name }: GuardrailConfig): GuardCheck {
  const common = { action, name, type: check.type };
  switch (check.type) {
    case 'secrets': {
      const { except } = check;
      const detectors = secretDetectors((kind) => except.length > 0 && fits(except, kind));
      return {
        kind: 'texts',
        rule: new TextRule({ ...common, detectors, maxChars: maxSecretChars }),
      };
    }
    case 'personal_data': {
      const detectors = personalDataDetectors(check.kinds);
      const rule = new TextRule({ ...common, detectors, maxChars: maxPersonalDataChars });
      return { kind: 'texts', rule };
    }
    case 'deny_list': {
      const detectors = denyListDetectors(check);
      return {
        kind: 'texts',
        rule: new TextRule({ ...common, detectors, maxChars: maxDeniedChars }),
      };
    }
    case 'max_size':
      return { kind: 'size', limits: check };
    case 'webhook':
      return { kind: 'webhook', settings: check };
  }
}
