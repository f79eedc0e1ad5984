import type { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';

/** The `reason` of what a guardrail refuses. */
export const blockedReason = 'guardrail_blocked';

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
