import {
  CallQuestions,
  mcpResourceTools,
  mcpTools,
  type Project,
  type Tool,
} from '@zeke/assistant';
import { createSecretStore, type Logger, type ResolvedConfig } from '@zeke/foundation';
import type { Gateway } from '@zeke/gateway';
import { Hub, ToolPins } from '@zeke/mcp';
import { version } from '../version.ts';
import { mcpGuard } from './compose-mcp.ts';
import { hubServers } from './hub-servers.ts';
import { mcpPinsPath } from './mcp-pins-path.ts';

export interface ProjectHubsOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly gateway: Gateway;
  readonly log: Logger;
}

/** Projects whose servers are kept connected; those of the one used longest ago are let go. */
const maxHubs = 16;
/** How long a session waits for servers that connect for the first time, in milliseconds. */
const loadLimitMs = 15_000;

interface ProjectHub {
  readonly hub: Hub;
  readonly questions: CallQuestions;
}

/** The MCP servers of the configuration and of each project's `.mcp.json`, for agents that work there. */
export class ProjectHubs implements AsyncDisposable {
  readonly #options: ProjectHubsOptions;
  readonly #pins: ToolPins;
  /** By the project's root; the one used last stands last. */
  readonly #hubs = new Map<string, ProjectHub>();

  constructor(options: ProjectHubsOptions) {
    this.#options = options;
    this.#pins = new ToolPins(mcpPinsPath(options.config.home));
  }

  /**
   * Tools of servers that can be had; one that cannot is told in the log. Never throws for a server, or
   * for a file of the project.
   */
  async tools(project: Project, signal: AbortSignal): Promise<readonly Tool[]> {
    const { config, environment, log } = this.#options;
    const place = { root: project.root, home: config.home, environment };
    try {
      const servers = await hubServers(config.mcp, place);
      const known = this.#hubs.get(project.root);
      if (servers.length === 0 && known === undefined) return [];
      const opened = known ?? (await this.#open(project));
      const { hub, questions } = opened;
      await hub.configure(servers);
      this.#hubs.delete(project.root);
      this.#hubs.set(project.root, opened);
      this.#keepWithin();
      await hub.loadTools(AbortSignal.any([signal, AbortSignal.timeout(loadLimitMs)]));
      return [...mcpTools(hub, questions), ...mcpResourceTools(hub, questions)];
    } catch (err) {
      if (signal.aborted) throw err;
      log.warn('MCP servers of a project cannot be used', { project: project.root, err });
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hubs.values()].map(({ hub }) => hub[Symbol.asyncDispose]()));
    this.#hubs.clear();
  }

  async #open({ root }: Project): Promise<ProjectHub> {
    const { config, environment, gateway, log } = this.#options;
    const { home } = config;
    const pins = this.#pins;
    const questions = new CallQuestions();
    const guard = mcpGuard({ config, gateway, log, pins, hub: () => hub });
    const hub: Hub = new Hub({
      servers: [],
      version,
      project: root,
      home,
      environment,
      secrets: await createSecretStore({ home, environment }),
      guard,
      pins,
      questions: questions.questions,
      idleTimeoutMs: config.mcp.idleTimeoutMs,
    });
    return { hub, questions };
  }

  #keepWithin(): void {
    const [oldest] = this.#hubs;
    if (this.#hubs.size <= maxHubs || oldest === undefined) return;
    const [root, { hub }] = oldest;
    this.#hubs.delete(root);
    hub[Symbol.asyncDispose]().catch((err) =>
      this.#options.log.warn('MCP servers could not be let go', { project: root, err }),
    );
  }
}
