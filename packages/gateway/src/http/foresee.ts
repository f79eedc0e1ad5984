import type { RpcError } from '@zeke/rpc';
import { refusalFor, type SubjectLeft } from '../governance/rate-limits/subjects-left.ts';
import { needText } from '../guardrails/policies.ts';
import type { Foreseen } from '../guardrails/request-guard.ts';
import { apiErrorInfo, httpStatusOf } from '../neutral/api-error.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { Exchange } from './exchange.ts';
import { beginGuard } from './guarded.ts';
import { foreseeCost, likelyTokens } from './hold-cost.ts';
import type { Services } from './services.ts';

/** Why something would be refused, in the words of the API. */
export interface ForeseenRefusal {
  readonly by: 'limits' | 'guardrails' | 'policies' | 'budgets';
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retry_after_ms: number | null;
}

/** What an attempt at one candidate would meet. */
export interface ForeseenAttempt {
  readonly refusal: ForeseenRefusal | undefined;
  /** What it may cost at most, in micro-USD; undefined where nobody knows. */
  readonly mayCostMicroUsd: number | undefined;
  /** Of soft budgets that would be passed. */
  readonly warning: string | undefined;
}

/** A request that nobody sends, as it came without what it says of its routing. */
interface Unsent {
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly model: string;
}

const operation = 'chat';

/** What is left to the caller, and why its request would be refused for it. Nothing is taken. */
export async function foreseeLimits(
  { rateLimits }: Services,
  { caller, peer, request }: Exchange,
): Promise<{ left: readonly SubjectLeft[]; refusal: ForeseenRefusal | undefined }> {
  if (!rateLimits.isOn) return { left: [], refusal: undefined };
  const costs = { requests: 1, tokens: 0 };
  const left = await rateLimits.leftTo(rateLimits.subjectsOf(caller, request, peer), costs);
  // Of tokens each attempt takes its own; who is in debt is told by them.
  const requests = left.map((each) => ({ ...each, tokens: undefined }));
  return { left, refusal: told('limits', refusalFor(requests, costs)) };
}

/** What an attempt would be held to by limits of tokens and of its model, and by budgets. */
export async function foreseeAttempt(
  services: Services,
  exchange: Exchange,
  { body }: Unsent,
  candidate: Candidate,
): Promise<ForeseenAttempt> {
  const asked = { asks: body, candidate, operation };
  const { amountMicroUsd, refusal, warning } = await foreseeCost(services, exchange, asked);
  const limits = refusal
    ? undefined
    : await attemptRefusal(
        services,
        exchange,
        likelyTokens(services, exchange, body, operation),
        candidate,
      );
  return {
    refusal: told('budgets', refusal) ?? told('limits', limits),
    mayCostMicroUsd: amountMicroUsd,
    warning,
  };
}

async function attemptRefusal(
  { rateLimits }: Services,
  { caller, peer, request }: Exchange,
  tokens: number,
  { model, provider }: Candidate,
): Promise<RpcError | undefined> {
  if (!rateLimits.isOn) return undefined;
  const ofModel = rateLimits.subjectOfModel(provider.name, model);
  const costs = { requests: 1, tokens };
  const [callers, models] = await Promise.all([
    rateLimits.leftTo(rateLimits.subjectsOf(caller, request, peer), costs),
    rateLimits.leftTo(ofModel ? [ofModel] : [], costs),
  ]);
  // A request of the caller's was counted when it came, and has its place.
  const spending = callers.map(({ subject, tokens: left }) => ({ subject, tokens: left }));
  return refusalFor([...spending, ...models], costs);
}

/** What guardrails and policies say of the request, as far as they know it themselves. */
export interface ForeseenGuard {
  /** For the answer; null where there are no rules. */
  readonly report: object | null;
  readonly refusals: ReadonlyMap<Candidate, ForeseenRefusal>;
}

/** Asks the rules. No webhook is asked, no consent is used or asked for, nothing is counted. */
export async function foreseeGuard(
  { guardrails }: Services,
  exchange: Exchange,
  { body, model, text }: Unsent,
  candidates: readonly Candidate[],
): Promise<ForeseenGuard> {
  if (!guardrails) return { report: null, refusals: new Map() };
  const foreseen = await beginGuard(guardrails, exchange, model).foresee(text, body, candidates);
  const refusals = new Map<Candidate, ForeseenRefusal>();
  for (const { candidate, policy, refusal } of foreseen.verdicts) {
    const why = told('guardrails', refusal) ?? deniedBy(policy);
    if (why) refusals.set(candidate, why);
  }
  return { report: reportOf(foreseen), refusals };
}

function reportOf({ findings, verdicts, webhooks }: Foreseen): object {
  const needs = verdicts.flatMap(({ policy }) => (policy.effect === 'consent' ? policy.needs : []));
  const texts = needs.map((need) => `policy ${need.policy}: ${needText(need)}`);
  return {
    findings: findings.map(({ action, field, kind, rule, type }) => {
      return { rule, type, action, kind, field };
    }),
    webhooks_not_asked: webhooks,
    needs_consent: [...new Set(texts)],
  };
}

function deniedBy(policy: Foreseen['verdicts'][number]['policy']): ForeseenRefusal | undefined {
  if (policy.effect !== 'deny') return undefined;
  const { need } = policy;
  const why = need.reason === undefined ? '' : ` (${need.reason})`;
  const message = `policy ${need.policy}: ${needText(need)} is not allowed${why}`;
  return { by: 'policies', status: 403, code: 'permission_denied', message, retry_after_ms: null };
}

function told(by: ForeseenRefusal['by'], error: RpcError | undefined): ForeseenRefusal | undefined {
  if (error === undefined) return undefined;
  const { retryAfterMs = null } = apiErrorInfo(error);
  const { code, message } = error;
  return { by, status: httpStatusOf(error), code, message, retry_after_ms: retryAfterMs };
}
