import type {
  Agent,
  Chat,
  Completer,
  LocalCompleters,
  ModelClient,
  RunRegistry,
  SessionChanges,
  SessionPermissions,
  SessionStore,
  TestGenOptions,
} from '@zeke/assistant';
import type { KnownProjects } from './known-projects.ts';

/** The assistant of a running daemon, put together. */
export interface AssistantParts extends AsyncDisposable {
  readonly agent: Agent;
  readonly runs: RunRegistry;
  /** What generating tests stands on. */
  readonly testGen: TestGenOptions;
  readonly sessions: SessionStore;
  readonly changes: SessionChanges;
  readonly permissions: SessionPermissions;
  readonly local: LocalCompleters;
  readonly chat: Chat;
  readonly completer: Completer;
  readonly projects: KnownProjects;
  readonly model: ModelClient;
  /** `PATH`, by which git is found. */
  readonly path: string;
}
