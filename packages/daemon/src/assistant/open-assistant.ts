import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Agent,
  Chat,
  type ChatOptions,
  type CodeIndexes,
  type Extensions,
  loadExtensions,
  type ModelClient,
  type ModelUsage,
  OpenQuestions,
  type Project,
  RunRegistry,
  SessionChanges,
  SessionStore,
  type SessionTables,
  Snapshots,
  sessionMigrations,
  skillTools,
} from '@zeke/assistant';
import type { Logger, Metrics, ResolvedConfig, Storage } from '@zeke/foundation';
import { type EstimatedTokens, estimateCost, type Gateway } from '@zeke/gateway';
import { ProjectHubs } from '../mcp/project-hubs.ts';
import type { AssistantParts } from './assistant-parts.ts';
import { faultsIn } from './faults-in.ts';
import { keepTidy } from './keep-tidy.ts';
import { sessionContext } from './session-context.ts';
import { openToolbox } from './toolbox.ts';

export interface AssistantOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly gateway: Gateway;
  readonly model: ModelClient;
  readonly storage: Storage<SessionTables>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}

export interface OpenAssistantOptions extends AssistantOptions {
  readonly indexes: CodeIndexes;
}

/** Tools that a run has beside those of the toolbox and of MCP servers. */
const furtherTools = ['skill', 'task', 'list_mcp_resources', 'read_mcp_resource'];

/** Puts the assistant together. Throws what `Storage.migrate` throws. */
export async function openAssistant(options: OpenAssistantOptions): Promise<AssistantParts> {
  const { config, environment, indexes, log, model, now, storage } = options;
  await using parts = new AsyncDisposableStack();
  await storage.migrate([sessionMigrations]);
  const { home } = config;
  const path = environment.PATH ?? '';
  const worktrees = { folder: join(home, 'worktrees'), path };
  const sessions = new SessionStore({ storage, now });
  const snapshots = (project: Project) =>
    new Snapshots({ project, folder: join(home, 'snapshots'), path, now });
  const toolbox = parts.use(openToolbox(options));
  const { hooks, permissions, readGit, servers, tools } = toolbox;
  const stopping = new AbortController();
  const hubs = parts.use(new ProjectHubs(options));
  parts.defer(() => stopping.abort());
  const toolNames = [...tools.map(({ name }) => name), ...furtherTools];
  const extensions = (project: Project): Promise<Extensions> =>
    loadExtensions({ zekeHome: home, project, toolNames });
  const shared: ChatOptions = {
    model,
    sessions,
    folder: await emptyFolder(home),
    permissions: async (place, mode) => (await permissions.of(place)).inMode(mode),
    tools: async ({ project }) => ({
      tools: [...tools, ...skillTools((await extensions(project)).skills)],
      deferrable: await hubs.tools(project, stopping.signal),
    }),
    context: async (place) => sessionContext({ model, home, indexes, toolbox }, place),
    hooks,
    questions: new OpenQuestions(),
    estimateCost: (name, usage) => estimateCost(options.gateway.pricing, name, tokensOf(usage)),
    now,
  };
  const agent = new Agent({
    ...shared,
    snapshots,
    diagnostics: (project, paths, signal) => faultsIn(servers, { project, paths, signal }),
    worktrees,
    agents: extensions,
    onDefect: (err, tool) => log.error('a tool failed', { err, tool }),
  });
  const runs = parts.use(new RunRegistry());
  const changes = new SessionChanges({ sessions, snapshots });
  const { keepSessionsMs: keepMs } = config.assistant;
  const folder = join(home, 'snapshots');
  parts.use(keepTidy({ sessions, folder, worktrees: worktrees.folder, path, keepMs, log, now }));
  const owned = parts.move();
  return {
    agent,
    testGen: { agent, sessions, snapshots, shell: toolbox.shell },
    chat: new Chat(shared),
    model,
    readGit,
    runs,
    sessions,
    changes,
    permissions,
    extensions,
    servers,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function tokensOf(usage: ModelUsage): EstimatedTokens {
  const { cachedInputTokens = 0, inputTokens = 0, outputTokens = 0 } = usage;
  return { input: inputTokens, output: outputTokens, cachedInput: cachedInputTokens };
}

/** Where conversations about no project are. */
async function emptyFolder(home: string): Promise<string> {
  const folder = join(home, 'no-project');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
