import type {
  Agent,
  Chat,
  Extensions,
  LanguageServers,
  ModelClient,
  Project,
  ReadGit,
  RunRegistry,
  SessionChanges,
  SessionPermissions,
  SessionStore,
  TestGenOptions,
} from '@zeke/assistant';

/** The assistant of a running daemon, put together. */
export interface AssistantParts extends AsyncDisposable {
  readonly agent: Agent;
  readonly runs: RunRegistry;
  /** What generating tests stands on. */
  readonly testGen: TestGenOptions;
  readonly sessions: SessionStore;
  readonly changes: SessionChanges;
  readonly permissions: SessionPermissions;
  /** What the user and a project have added in files, as they are now. */
  readonly extensions: (project: Project) => Promise<Extensions>;
  readonly servers: LanguageServers;
  readonly chat: Chat;
  readonly model: ModelClient;
  readonly readGit: ReadGit;
}
