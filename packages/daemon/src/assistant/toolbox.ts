import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  fileTools,
  gitReader,
  gitTools,
  HookHost,
  LanguageServers,
  lspTools,
  noteTools,
  ProjectFiles,
  type ReadGit,
  SessionPermissions,
  ShellHost,
  searchTools,
  serverSpecs,
  shellTools,
  type Tool,
  webTools,
} from '@zeke/assistant';
import { GroupGuard, type Logger, type ResolvedConfig } from '@zeke/foundation';

import { mayStart } from './may-start.ts';

export interface ToolboxOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly now: () => number;
}

/** What tools in projects stand on, for all sessions, and the tools. */
export interface Toolbox extends AsyncDisposable {
  readonly tools: readonly Tool[];
  readonly servers: LanguageServers;
  readonly shell: ShellHost;
  readonly hooks: HookHost;
  readonly readGit: ReadGit;
  /** What rules and people say that tools may do. */
  readonly permissions: SessionPermissions;
  /** Ends what a session has left running. */
  endSession(sessionId: string): Promise<void>;
}

/** Nothing is started before a tool needs it. */
export function openToolbox(options: ToolboxOptions): Toolbox {
  const { config, environment, log, now } = options;
  const home = environment.HOME ?? homedir();
  const parts = new AsyncDisposableStack();
  const files = new ProjectFiles();
  const specs = serverSpecs(config.assistant.languageServers);
  const access = { isAllowed: config.assistant.runProjectCode, path: environment.PATH ?? '' };
  const servers = parts.use(
    new LanguageServers({
      specs,
      environment,
      log,
      now,
      mayStart: (found, project) => mayStart(found, project, access),
    }),
  );
  const permissions = new SessionPermissions({
    zekeHome: config.home,
    home,
    now,
    scratch: (sessionId, settings) => shell.scratch(sessionId, settings),
  });
  const guard = parts.use(new GroupGuard());
  const shell: ShellHost = parts.use(
    new ShellHost({
      settings: async (place) => (await permissions.of(place)).sandbox(),
      environment,
      home,
      zekeHome: config.home,
      folder: (sessionId) => join(config.home, 'sessions', sessionId),
      guard,
    }),
  );
  const readGit = gitReader({ environment, shell });
  return {
    tools: [
      ...fileTools({ files }),
      ...searchTools(),
      ...gitTools({ readGit, shell }),
      ...lspTools(servers, files),
      ...shellTools(shell),
      ...webTools(),
      ...noteTools(),
    ],
    servers,
    shell,
    hooks: new HookHost({ zekeHome: config.home, environment, guard }),
    readGit,
    permissions,
    endSession: (sessionId) => shell.endSession(sessionId),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
