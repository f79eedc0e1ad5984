import type { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { deniedKind } from './detectors/deny-list.ts';

/** The `reason` of what a guardrail refuses. */
export const blockedReason = 'guardrail_blocked';

/** What is wrong with a text in which something of this kind was found. */
export function holdsKind(kind: string): string {
  return kind === deniedKind ? 'holds words that are denied' : `holds what looks like ${kind}`;
}

/** Why a request does not go out. `what`: `holds a github-pat`. */
export function requestBlocked(rule: string, field: string, what: string): RpcError {
  return apiError(
    'invalid_argument',
    `guardrail ${rule}: ${field} ${what}: take it out, and send the request again`,
    { status: 400, param: field, reason: blockedReason, retryable: false },
  );
}

/** Why an answer is not given out, or not any further. */
export function answerBlocked(rule: string, what: string): RpcError {
  return apiError(
    'permission_denied',
    `guardrail ${rule}: the answer ${what}, and is not given out from there on: ask in another way, or ask the operator of this gateway about the rule`,
    { status: 403, reason: blockedReason, retryable: false },
  );
}
