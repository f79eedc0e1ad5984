import { createSecretStore, type ResolvedConfig } from '@zeke/foundation';
import type { Hub, ProjectEntry, Questions, ServerView } from '@zeke/mcp';
import { version } from '../version.ts';

export interface LocalMcpOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the command stands: the project is the one around it. */
  readonly cwd: string;
  /** Who answers what servers ask. */
  readonly questions: Questions;
}

/** The MCP servers of this place, for one command, without a daemon. */
export interface LocalMcp extends AsyncDisposable {
  readonly hub: Hub;
  /** The project's root. */
  readonly root: string;
  /** What the project's `.mcp.json` says of a server. Throws `not_found`. */
  entry(name: string): Promise<ProjectEntry>;
  /** Keeps what a person says to that. */
  answer(entry: ProjectEntry, isGiven: boolean): Promise<void>;
  /** A login with a browser, which `open` sends there. */
  login(name: string, open: (url: URL) => void, signal: AbortSignal): Promise<ServerView>;
  /** Forgets tokens of a server, and how its tools described themselves. */
  forget(name: string): Promise<void>;
}

/** Opens the servers of the configuration, and of the project around `cwd`. Nothing is connected yet. */
export async function openLocalMcp(options: LocalMcpOptions): Promise<LocalMcp> {
  const { config, cwd, environment, questions } = options;
  // They bring the protocol's SDK and the assistant, which most commands need nothing of.
  const [mcp, { openProject }, { hubServers }, { mcpPinsPath }] = await Promise.all([
    import('@zeke/mcp'),
    import('@zeke/assistant'),
    import('./hub-servers.ts'),
    import('./mcp-pins-path.ts'),
  ]);
  const { root } = await openProject(cwd);
  const { home } = config;
  const place = { root, home, environment };
  const secrets = await createSecretStore({ home, environment });
  const pins = new mcp.ToolPins(mcpPinsPath(home));
  const hub = new mcp.Hub({
    servers: await hubServers(config.mcp, place),
    version,
    project: root,
    home,
    environment,
    secrets,
    pins,
    questions,
    idleTimeoutMs: 0,
  });
  return {
    hub,
    root,
    entry: (name) => mcp.projectEntry(place, name),
    async answer(entry, isGiven) {
      await mcp.answerProjectEntry(place, entry, isGiven);
      await hub.configure(await hubServers(config.mcp, place));
    },
    async login(name, open, signal) {
      const server = config.mcp.servers.get(name);
      const port = server?.transport === 'stdio' ? undefined : server?.oauth.redirectPort;
      using signIn = mcp.loopbackSignIn(open, port);
      return await hub.login(name, signIn, signal);
    },
    async forget(name) {
      const server = config.mcp.servers.get(name);
      if (server !== undefined && server.transport !== 'stdio') await hub.logout(name);
      await pins.forget(name);
    },
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
}
