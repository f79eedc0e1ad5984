import type { PolicyConfig } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import type { Asker, Consents, Need } from '../governance/consent/consents.ts';
import { apiError } from '../neutral/api-error.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { GuardrailMetrics } from './guardrail-metrics.ts';
import type { GuardedRequest } from './guardrails.ts';
import { askPolicies, effectOnTool, needText, type PolicyAnswer } from './policies.ts';
import type { Asked } from './rule-scope.ts';

export interface PolicyGateOptions {
  readonly consents: Consents;
  readonly metrics: GuardrailMetrics;
  readonly policies: readonly PolicyConfig[];
  readonly request: GuardedRequest;
}

type Consenting = Extract<PolicyAnswer, { effect: 'consent' }>;

/** Lets candidates through that policies allow. */
export class PolicyGate {
  readonly #options: PolicyGateOptions;

  constructor(options: PolicyGateOptions) {
    this.#options = options;
  }

  /**
   * The candidates that need nobody's consent, or else those for which it was given. What was allowed once
   * is used up by this.
   * @throws RpcError permission_denied where there are none, with the id of a question where consent is needed.
   */
  async allowed(
    candidates: Candidate[],
    tools: readonly string[],
    data: readonly string[],
  ): Promise<Candidate[]> {
    const { policies, request } = this.#options;
    const { caller, model } = request;
    const answers = candidates.map((candidate) => ({
      candidate,
      answer: askPolicies(policies, { caller, candidate, model, tools, data }),
    }));
    const free = answers.filter(({ answer }) => answer.effect === 'allow');
    if (free.length > 0) return free.map(({ candidate }) => candidate);
    const groups = Map.groupBy(
      answers.filter((each): each is { candidate: Candidate; answer: Consenting } => {
        return each.answer.effect === 'consent';
      }),
      ({ answer }) => JSON.stringify(answer.needs),
    );
    let open: readonly Need[] | undefined;
    let denied: Need | undefined;
    for (const [first, ...others] of groups.values()) {
      if (!first) continue;
      const { needs } = first.answer;
      const said = await this.#options.consents.use(this.#asker, needs);
      if (said === 'granted') return [first, ...others].map(({ candidate }) => candidate);
      if (said === 'denied') denied ??= needs[0];
      else open ??= needs;
    }
    if (open) throw await this.#ask(open);
    for (const { answer } of answers) if (answer.effect === 'deny') denied ??= answer.need;
    throw this.#refuse(denied, groups.size > 0 ? 'was asked for, and denied' : 'is not allowed');
  }

  get #asker(): Asker {
    const { caller, model, project, session } = this.#options.request;
    const { keyId, orgId, owner, teamId, userId } = caller;
    // The operator's key has an owner; who needs no key on this machine has none.
    const id = keyId ?? (owner === undefined ? 'local' : 'admin-key');
    return { caller: id, owner, orgId, teamId, userId, session, project, model };
  }

  async #ask(needs: readonly Need[]): Promise<RpcError> {
    const { consents, metrics } = this.#options;
    const id = await consents.ask(this.#asker, needs);
    for (const { policy } of needs) metrics.policy(policy, 'consent');
    const what = needs.map(needText).join('; ');
    const why = needs.find(({ reason }) => reason !== undefined)?.reason;
    return apiError(
      'permission_denied',
      `${what}: this needs consent${why === undefined ? '' : ` (${why})`}: zeke consent allow ${id}, or POST /admin/consent, then send the request again`,
      {
        status: 403,
        reason: 'consent_required',
        retryable: false,
        consent: {
          consent_id: id,
          consent_for: needs.map(({ policy, what: of }) => ({ policy, ...of })),
          consent_endpoint: '/admin/consent',
        },
      },
    );
  }

  #refuse(need: Need | undefined, how: string): RpcError {
    const { policy = 'policies', reason } = need ?? {};
    this.#options.metrics.policy(policy, 'deny');
    const what = need ? needText(need) : 'this request';
    return apiError(
      'permission_denied',
      `policy ${policy}: ${what} ${how}${reason === undefined ? '' : ` (${reason})`}: leave it out, or ask the operator of this gateway about the policy`,
      { status: 403, reason: 'policy_denied', retryable: false },
    );
  }
}

/** Why a model may not call a tool that its request did not offer; undefined where it may. */
export function refuseTool(
  policies: readonly PolicyConfig[],
  asked: Asked,
  tool: string,
): RpcError | undefined {
  const { effect, policy } = effectOnTool(policies, asked, tool);
  if (effect === 'allow') return undefined;
  const name = tool.slice(0, 100);
  const why =
    effect === 'deny'
      ? `the model called the tool ${name}, which is not allowed`
      : `the model called the tool ${name}, which needs consent: offer it in the request, so that consent is asked for`;
  return apiError('permission_denied', `policy ${policy}: ${why}`, {
    status: 403,
    reason: effect === 'deny' ? 'policy_denied' : 'consent_required',
    retryable: false,
  });
}
