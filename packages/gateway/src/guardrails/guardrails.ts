import { createHmac, randomBytes } from 'node:crypto';
import type { GuardrailConfig, Logger, PolicyConfig } from '@zeke/foundation';
import type { CountableText } from '../governance/attempt-record.ts';
import type { Caller } from '../governance/authenticate.ts';
import type { Consents } from '../governance/consent/consents.ts';
import type { Usage } from '../neutral/usage.ts';
import { type GuardRule, guardRule } from './guard-rule.ts';
import type { GuardrailMetrics } from './guardrail-metrics.ts';
import { RequestGuard } from './request-guard.ts';

export interface GuardrailsOptions {
  readonly rules: readonly GuardrailConfig[];
  /** The first that fits counts. */
  readonly policies: readonly PolicyConfig[];
  readonly consents: Consents;
  readonly log: Logger;
  readonly metrics: GuardrailMetrics;
  readonly fetch: typeof fetch;
  readonly estimateUsage: (texts: () => CountableText) => Promise<Usage>;
}

/** A request, as far as guardrails want to know it. */
export interface GuardedRequest {
  readonly requestId: string;
  readonly caller: Pick<Caller, 'keyId' | 'orgId' | 'owner' | 'teamId' | 'userId'>;
  /** As the caller names it. */
  readonly model: string;
  /** Within which it may have been allowed. */
  readonly session?: string | undefined;
  readonly project?: string | undefined;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
}

/** Of the hash of what was found, in hex digits: enough to tell findings apart, too few to guess by. */
const hashChars = 12;

/** The rules about what requests and answers may hold. Replaced as a whole when the configuration changes. */
export class Guardrails {
  readonly rules: readonly GuardRule[];
  readonly options: GuardrailsOptions;
  readonly #salt = randomBytes(32);

  constructor(options: GuardrailsOptions) {
    this.options = options;
    this.rules = options.rules.map(guardRule);
  }

  begin(request: GuardedRequest): RequestGuard {
    return new RequestGuard(this, request);
  }

  /** The same text has the same hash until the process ends, and nobody else can tell of which text it is. */
  hashOf(text: string): string {
    return createHmac('sha256', this.#salt).update(text).digest('hex').slice(0, hashChars);
  }
}
