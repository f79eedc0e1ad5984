import type { Cost, LedgerEntry } from './ledger.ts';

/** A value of a column of the ledger. */
export type LedgerValue = string | number | boolean | null;

/** The columns of the ledger, but for its number. */
export const ledgerColumns = [
  'at_ms',
  'request_id',
  'trace_id',
  'attempt',
  'key_id',
  'owner',
  'org_id',
  'team_id',
  'user_id',
  'provider',
  'model',
  'requested_model',
  'operation',
  'caller_dialect',
  'provider_dialect',
  'streamed',
  'outcome',
  'http_status',
  'error_code',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'image_input_tokens',
  'image_output_tokens',
  'estimated',
  'cost_micro_usd',
  'cost_components',
  'latency_ms',
  'first_token_ms',
] as const;

/** The row of an entry, in the order of `ledgerColumns`. */
export function rowOf(entry: LedgerEntry, cost: Cost | null): LedgerValue[] {
  const { usage } = entry;
  return [
    entry.atMs,
    textOf(entry.requestId),
    textOf(entry.traceId),
    entry.attempt,
    groupOf(entry.keyId),
    groupOf(entry.owner),
    groupOf(entry.orgId),
    groupOf(entry.teamId),
    groupOf(entry.userId),
    textOf(entry.provider.slice(0, maxGroupChars)),
    textOf(entry.model.slice(0, maxGroupChars)),
    textOf(entry.requestedModel),
    entry.operation,
    entry.callerDialect,
    entry.providerDialect,
    entry.streamed,
    entry.outcome,
    entry.httpStatus ?? null,
    entry.errorCode ?? null,
    wholeOf(usage.input),
    wholeOf(usage.output),
    wholeOf(usage.cachedInput),
    wholeOf(usage.cacheWrite5m),
    wholeOf(usage.cacheWrite1h),
    wholeOf(usage.reasoning),
    wholeOf(usage.audioInput),
    wholeOf(usage.audioOutput),
    wholeOf(usage.imageInput),
    wholeOf(usage.imageOutput),
    usage.estimated ?? false,
    cost ? wholeOf(cost.totalMicroUsd) : null,
    cost ? JSON.stringify(cost.components) : null,
    Math.min(Math.round(entry.latencyMs), maxInt32),
    entry.firstTokenMs === undefined ? null : Math.min(Math.round(entry.firstTokenMs), maxInt32),
  ];
}

const maxInt32 = 2_147_483_647;

/** Callers and providers choose texts, and PostgreSQL's have no place for a NUL. */
function textOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Tokens of one answer, or micro-USD: what is more is nonsense, and would overflow sums. */
const maxCount = 1_000_000_000_000;

/** As much of a text as an index of PostgreSQL has room for, in sums by group. */
const maxGroupChars = 256;

/** Who or what it is counted for; nothing where the text is empty, as in the sums. */
function groupOf(text: string | undefined): string | null {
  return text ? textOf(text.slice(0, maxGroupChars)) : null;
}

/** Providers' counts come as they are; one that is no count must not hold the others up: it is 0. */
export function wholeOf(count: number | undefined): number {
  if (count === undefined || !(count > 0)) return 0;
  return Math.min(Math.round(count), maxCount);
}
