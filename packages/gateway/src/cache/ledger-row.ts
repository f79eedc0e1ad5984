import type { RpcError } from '@zeke/rpc';
import type { Ledger } from '../governance/ledger.ts';
import type { AnswerSource } from './answer-entry.ts';
import type { Listening } from './replay.ts';

/**
 * Puts an answer that no provider was asked for on the ledger: attempt 0 with the outcome `cached`,
 * under the provider and model that made it, without tokens and for nothing. With the error where
 * the answer broke off.
 */
export function recordCached(
  ledger: Pick<Ledger, 'record'>,
  { call, exchange }: Listening,
  { model, provider }: Pick<AnswerSource, 'model' | 'provider'>,
  error?: RpcError,
): void {
  const { atMs, caller, requestId, requestedModel, span, startedAt, tags } = exchange;
  ledger.record({
    atMs,
    requestId,
    traceId: span?.traceId,
    attempt: 0,
    keyId: caller.keyId,
    owner: caller.owner,
    orgId: caller.orgId,
    teamId: caller.teamId,
    userId: caller.userId,
    tags,
    provider,
    model,
    requestedModel,
    operation: 'chat',
    callerDialect: call.dialect.name,
    providerDialect: 'none',
    streamed: call.stream,
    outcome: 'cached',
    errorCode: error?.code,
    usage: { input: 0, output: 0 },
    metered: true,
    latencyMs: performance.now() - startedAt,
  });
}
