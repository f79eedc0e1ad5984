import type {
  Agent,
  LocalCompleters,
  RunRegistry,
  SessionChanges,
  SessionPermissions,
  SessionStore,
} from '@zeke/assistant';

/** The assistant of a running daemon, put together. */
export interface AssistantParts extends AsyncDisposable {
  readonly agent: Agent;
  readonly runs: RunRegistry;
  readonly sessions: SessionStore;
  readonly changes: SessionChanges;
  readonly permissions: SessionPermissions;
  readonly local: LocalCompleters;
}
