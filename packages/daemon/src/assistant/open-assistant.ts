import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  Agent,
  createContextBuilder,
  fileTools,
  LanguageServers,
  LocalCompleters,
  lspTools,
  type ModelClient,
  type Project,
  ProjectFiles,
  RunRegistry,
  SessionChanges,
  SessionPermissions,
  SessionStore,
  type SessionTables,
  Snapshots,
  serverSpecs,
  sessionMigrations,
} from '@zeke/assistant';
import type { Logger, ResolvedConfig, Storage } from '@zeke/foundation';
import type { AssistantParts } from './assistant-parts.ts';
import { faultsIn } from './faults-in.ts';

export interface OpenAssistantOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly model: ModelClient;
  readonly storage: Storage<SessionTables>;
  readonly log: Logger;
  readonly now: () => number;
}

/** Puts the assistant together. Throws what `Storage.migrate` throws. */
export async function openAssistant(options: OpenAssistantOptions): Promise<AssistantParts> {
  const { config, environment, log, model, now, storage } = options;
  await using parts = new AsyncDisposableStack();
  await storage.migrate([sessionMigrations]);
  const { home } = config;
  const path = environment.PATH ?? '';
  const sessions = new SessionStore({ storage, now });
  const snapshots = (project: Project) =>
    new Snapshots({ project, folder: join(home, 'snapshots'), path, now });
  const permissions = new SessionPermissions({
    zekeHome: home,
    home: environment.HOME ?? homedir(),
    now,
  });
  const servers = parts.use(
    new LanguageServers({
      specs: serverSpecs(config.assistant.languageServers),
      environment,
      log,
      now,
    }),
  );
  const local = parts.use(new LocalCompleters());
  const files = new ProjectFiles();
  const agent = new Agent({
    model,
    sessions,
    permissions: async (place, mode) => (await permissions.of(place)).inMode(mode),
    tools: async () => ({ tools: [...fileTools({ files }), ...lspTools(servers, files)] }),
    context: async (place) => createContextBuilder({ ...place, client: model, home }),
    snapshots,
    diagnostics: (project, paths, signal) => faultsIn(servers, { project, paths, signal }),
    worktrees: { folder: join(home, 'worktrees'), path },
    onDefect: (err, tool) => log.error('a tool failed', { err, tool }),
    now,
  });
  const runs = parts.use(new RunRegistry());
  const changes = new SessionChanges({ sessions, snapshots });
  const owned = parts.move();
  return {
    agent,
    runs,
    sessions,
    changes,
    permissions,
    local,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
