import type { ColumnType, Generated } from 'kysely';

/** Tables that the gateway owns. Times are milliseconds since the epoch, money is micro-USD. */
export interface GatewayTables {
  gateway_keys: KeyTable;
  gateway_retired_secrets: RetiredSecretTable;
  gateway_ledger: LedgerTable;
  gateway_responses: ResponseTable;
  gateway_orgs: OrgTable;
  gateway_teams: TeamTable;
  gateway_users: UserTable;
  gateway_budgets: BudgetTable;
  gateway_spend: SpendTable;
  gateway_audit: AuditTable;
  gateway_consents: ConsentTable;
  gateway_audit_checkpoints: AuditCheckpointTable;
  gateway_content: ContentTable;
  gateway_usage: UsageTable;
  gateway_writers: WriterTable;
  gateway_state: StateTable;
}

/** One API key; the key itself is nowhere, only its SHA-256. */
export interface KeyTable {
  id: string;
  /** Hex. */
  sha256: string;
  /** The key's last four characters, to tell keys apart. */
  last4: string;
  name: string;
  owner: string;
  /** JSON array of text. */
  scopes: string;
  /** JSON array of patterns, or null for every model. */
  allowed_models: string | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
  /** Whose it is; null for a key of a team, or of nobody below the operator. */
  user_id: string | null;
  /** The team that its use counts for, in place of the user's own. */
  team_id: string | null;
  /** By whose rates it is limited; null for the default tier. */
  tier: string | null;
  /** `local_only`, or null. */
  privacy: string | null;
  /** Where somebody logged in to make it: `browser` or `command-line`; null for keys that were made otherwise. */
  login: string | null;
  /** The role that the provider of a login gave, in place of the user's own. */
  login_role: string | null;
}

/** A secret that a rotation of its key has replaced; only its SHA-256. */
export interface RetiredSecretTable {
  /** Hex. */
  sha256: string;
  key_id: string;
  last4: string;
  retired_at_ms: number;
  /** Until then it works beside the new one. */
  valid_until_ms: number;
  last_used_at_ms: number | null;
}

export interface OrgTable {
  id: string;
  name: string;
  created_at_ms: number;
}

export interface TeamTable {
  id: string;
  org_id: string;
  /** One of a kind within its organisation. */
  name: string;
  created_at_ms: number;
}

export interface UserTable {
  id: string;
  org_id: string;
  /** Of the same organisation. */
  team_id: string | null;
  /** One of a kind within its organisation. */
  name: string;
  role: string;
  created_at_ms: number;
}

/** What an entity may spend. */
export interface BudgetTable {
  /** `org`, `team`, `user`, `key`, `provider` or `tag`. */
  kind: string;
  id: string;
  /** `request`, `day` or `month`. */
  period: string;
  /** `hard` or `soft`. */
  mode: string;
  limit_micro_usd: number;
  created_at_ms: number;
}

/** What an entity spent on one day: the ledger's costs by entity, added in the same transaction. */
export interface SpendTable {
  /** As of a budget. */
  kind: string;
  id: string;
  /** Days since the epoch, UTC. */
  day: number;
  micro_usd: number;
}

/** One thing that somebody did. The database refuses to change or delete a row. */
export interface AuditTable {
  /** 1, 2, 3, … without gaps. */
  seq: number;
  at_ms: number;
  /** `key`, `admin-key`, `local`, `unknown` or `zeke`. */
  actor: string;
  key_id: string | null;
  owner: string | null;
  action: string;
  object_kind: string;
  object_id: string | null;
  address: string | null;
  request_id: string | null;
  /** `begun`, `ok`, `denied` or `failed`. */
  outcome: string;
  /** JSON object. */
  detail: string;
  /** Hex. */
  previous_hash: string;
  /** Hex; of all other columns. */
  hash: string;
}

/** Where the audit log begins: rows up to this one were removed by retention. Never changed. */
export interface AuditCheckpointTable {
  /** Of the last row removed. */
  seq: number;
  /** Of that row, hex. */
  hash: string;
  at_ms: number;
}

/** A prompt and its answer, where they are kept. */
export interface ContentTable {
  request_id: string;
  at_ms: number;
  /** The endpoint's name. */
  endpoint: string;
  model: string;
  http_status: number;
  key_id: string | null;
  owner: string | null;
  org_id: string | null;
  team_id: string | null;
  user_id: string | null;
  project: string | null;
  /** Which key it is sealed with. */
  sealed_with: string;
  /** Both, sealed. */
  sealed: Uint8Array;
}

/** Who, at whom, in which hour: the ledger's rows in sums, added in the same transaction. */
interface UsageTable {
  /** Hours since the epoch, UTC. */
  hour: number;
  /** Groups; an empty text stands for none. */
  provider: string;
  model: string;
  key_id: string;
  owner: string;
  org_id: string;
  team_id: string;
  user_id: string;
  calls: number;
  refused: number;
  cached: number;
  failed: number;
  canceled: number;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens: number;
  reasoning_tokens: number;
  cost_micro_usd: number;
  unpriced: number;
  estimated: number;
}

/** A process that writes the ledger or the audit log: which of its batches was the last. */
interface WriterTable {
  id: string;
  /** From 1; those before it are written, too. */
  batch: number;
  /** When it was written. */
  at_ms: number;
}

/** Numbers that there is one of, by name. */
interface StateTable {
  name: string;
  value: number;
}

/** One attempt at one provider, or a request refused before any. Written once, never updated. */
export interface LedgerTable {
  id: Generated<number>;
  at_ms: ColumnType<number, number, never>;
  request_id: string;
  trace_id: string | null;
  /** From 1, within the request; 0 where it was refused or answered without asking a provider. */
  attempt: number;
  key_id: string | null;
  owner: string | null;
  org_id: string | null;
  team_id: string | null;
  user_id: string | null;
  /** Empty where the request was refused. */
  provider: string;
  /** The provider's own name. */
  model: string;
  /** The name the caller asked for. */
  requested_model: string;
  operation: string;
  caller_dialect: string;
  provider_dialect: string;
  streamed: boolean;
  /** `ok`, `error`, `canceled`, `incomplete`, `refused` or `cached`. */
  outcome: string;
  /** Of the provider's answer; null when there was none. */
  http_status: number | null;
  error_code: string | null;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens: number;
  cache_write_5m_tokens: number;
  cache_write_1h_tokens: number;
  reasoning_tokens: number;
  audio_input_tokens: number;
  audio_output_tokens: number;
  image_input_tokens: number;
  image_output_tokens: number;
  /** True when the provider did not say and we counted. */
  estimated: boolean;
  /** Null when the model's price is not known. */
  cost_micro_usd: number | null;
  /** JSON: micro-USD by kind of token, and where the price is from. */
  cost_components: string | null;
  latency_ms: number;
  first_token_ms: number | null;
}

/** An answer kept for `previous_response_id` and `GET /v1/responses/{id}`. */
export interface ResponseTable {
  id: string;
  key_id: string | null;
  created_at_ms: number;
  /** The provider that keeps the answer; null when it is kept here. */
  provider: string | null;
  /** JSON array of input items, those of earlier answers included. */
  input: string;
  /** JSON of the answer as the caller got it; of one that a provider keeps, with which key, or empty. */
  response: string;
}

/** One thing that somebody is asked to allow; those with one id are asked together. */
export interface ConsentTable {
  id: string;
  /** What it is, as `Consents` writes it. */
  thing: string;
  policy: string;
  /** JSON: model, provider, tool, data. */
  what: string;
  reason: string | null;
  /** The id of the key that asks, `local` or `admin-key`. */
  caller: string;
  owner: string | null;
  org_id: string | null;
  team_id: string | null;
  user_id: string | null;
  session: string | null;
  project: string | null;
  /** As the caller names it. */
  model: string;
  created_at_ms: number;
  /** Of the question while it waits, then of the answer. */
  expires_at_ms: number;
  /** `allow_once`, `allow_session`, `allow_project` or `deny`; null while it waits. */
  decision: string | null;
  decided_by: string | null;
  decided_at_ms: number | null;
  /** When what was allowed once was used. */
  used_at_ms: number | null;
}
