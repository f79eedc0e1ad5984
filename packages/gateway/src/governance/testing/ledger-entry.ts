import type { LedgerEntry } from '../ledger.ts';

/** A good answer of a priced model, with what a test changes. */
export function ledgerEntry(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    atMs: Date.UTC(2026, 10, 21, 12),
    requestId: 'req_1',
    attempt: 1,
    keyId: 'key_1',
    owner: 'ada',
    orgId: 'org_1',
    teamId: 'team_1',
    userId: 'user_1',
    provider: 'openai',
    pricing: { kind: 'vendor', ids: ['openai'] },
    model: 'gpt-5-mini',
    requestedModel: 'openai/gpt-5-mini',
    operation: 'chat',
    callerDialect: 'openai-chat',
    providerDialect: 'openai-chat',
    streamed: false,
    outcome: 'ok',
    httpStatus: 200,
    usage: { input: 1_000, output: 500 },
    metered: true,
    latencyMs: 12.5,
    ...changes,
  };
}
