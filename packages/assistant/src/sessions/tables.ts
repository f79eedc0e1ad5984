/** Tables of sessions. Times are milliseconds since the epoch, money is micro-USD. */
export interface SessionTables {
  assistant_sessions: SessionRow;
  assistant_entries: EntryRow;
  assistant_leases: LeaseRow;
}

export interface SessionRow {
  id: string;
  /** The session whose `task` call this one serves, and the call. */
  parent_id: string | null;
  parent_call_id: string | null;
  /** The session it was forked from, and after which entry. */
  forked_from: string | null;
  forked_at_seq: number | null;
  /** `build`, `chat`, or a subagent's name. */
  agent: string;
  title: string;
  project_root: string;
  project_name: string;
  cwd: string;
  model: string;
  created_at_ms: number;
  updated_at_ms: number;
  entries: number;
  /** Of the JSON of all entries. */
  bytes: number;
  steps: number;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens: number;
  /** Null as long as nobody has said what an answer cost. */
  cost_micro_usd: number | null;
}

export interface EntryRow {
  session_id: string;
  seq: number;
  at_ms: number;
  /** JSON, of `entryData`. */
  data: string;
}

/** Who runs a session at the moment: one process, once. */
export interface LeaseRow {
  session_id: string;
  /** Random: a lease that was taken over has another. */
  token: string;
  host: string;
  pid: number;
  /** Tells the process from a later one with its number. */
  started: string;
  renewed_at_ms: number;
}
