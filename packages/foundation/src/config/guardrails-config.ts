import type { Secret } from '../secrets/secret.ts';

/** What personal data a guardrail can tell. */
export const personalDataKinds = [
  'email',
  'phone',
  'iban',
  'payment_card',
  'us_ssn',
  'ip_address',
  'br_cpf',
  'es_dni',
] as const;

export type PersonalDataKind = (typeof personalDataKinds)[number];

export const guardrailTypes = [
  'secrets',
  'personal_data',
  'deny_list',
  'max_size',
  'webhook',
] as const;
export const guardrailDirections = ['in', 'out', 'both'] as const;
export const guardrailActions = ['block', 'redact', 'report'] as const;
export const policyEffects = ['allow', 'deny', 'consent'] as const;

export type GuardrailAction = (typeof guardrailActions)[number];
export type PolicyEffect = (typeof policyEffects)[number];

/** For whose requests a rule holds. What is absent says nothing; `*` in a name is any text. */
export interface ScopeConfig {
  /** Ids of keys. */
  readonly keys?: readonly string[];
  /** Ids. */
  readonly teams?: readonly string[];
  /** Ids. */
  readonly orgs?: readonly string[];
  /** As callers write them, or `provider/model`. */
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
}

/** What a guardrail looks for, or whom it asks. */
export type GuardrailCheck =
  /** `except`: kinds that are left out, `*` for any text. */
  | { readonly type: 'secrets'; readonly except: readonly string[] }
  | { readonly type: 'personal_data'; readonly kinds: readonly PersonalDataKind[] }
  | {
      readonly type: 'deny_list';
      readonly words: readonly string[];
      /** Read and found good by `parsePattern`. */
      readonly patterns: readonly string[];
      readonly ignoreCase: boolean;
    }
  | {
      readonly type: 'max_size';
      readonly maxCharacters?: number;
      readonly maxTokens?: number;
      readonly maxMessages?: number;
    }
  | {
      readonly type: 'webhook';
      readonly url: string;
      readonly secret?: Secret;
      readonly timeoutMs: number;
      /** What becomes of a request when there is no good answer in time. */
      readonly onFailure: 'block' | 'allow';
    };

/** A rule about what requests and answers may hold. */
export interface GuardrailConfig {
  readonly name: string;
  readonly direction: (typeof guardrailDirections)[number];
  readonly action: GuardrailAction;
  readonly scope: ScopeConfig;
  readonly check: GuardrailCheck;
}

/** A rule about who may use what, and for what somebody has to be asked. The first that fits counts. */
export interface PolicyConfig {
  readonly name: string;
  readonly effect: PolicyEffect;
  readonly scope: ScopeConfig;
  /** Of tools that a request offers or a model calls, `*` for any text. */
  readonly tools?: readonly string[];
  /** Kinds of findings of guardrails, or their types: `personal_data`, `email`. */
  readonly data?: readonly string[];
  /** What callers are told. */
  readonly reason?: string;
}
