import { openProject } from '@zeke/assistant';
import { createSecretStore, type Logger, type ResolvedConfig } from '@zeke/foundation';
import type { Gateway } from '@zeke/gateway';
import { Hub, HubQuestions, ToolPins, type ZekeMcpServer } from '@zeke/mcp';
import type { AssistantParts } from '../assistant/assistant-parts.ts';
import { openToolbox } from '../assistant/toolbox.ts';
import { version } from '../version.ts';
import { mcpGuard, mcpPolicy, mcpServer } from './compose-mcp.ts';
import { consentQueue } from './consent-queue.ts';
import { hubServers } from './hub-servers.ts';
import { mcpPinsPath } from './mcp-pins-path.ts';
import { resultScan } from './scan-results.ts';
import { servedAssistant } from './served-assistant.ts';

export interface OpenMcpOptions {
  readonly config: ResolvedConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly gateway: Gateway;
  readonly log: Logger;
  readonly now: () => number;
  /** Put together when it is asked for first. */
  readonly assistant: () => Promise<AssistantParts>;
  /** The folder that tools work in; absent: no tool that works in a project is offered. */
  readonly folder?: string;
}

/** Zeke as an MCP server, with the hub behind it. */
export interface OpenMcp extends AsyncDisposable {
  readonly server: ZekeMcpServer;
  readonly hub: Hub;
  /** Puts other rules and servers in force. */
  configure(config: ResolvedConfig): Promise<void>;
}

/** Opens it. No server of the hub is connected yet. Throws what `openProject` and `hubServers` throw. */
export async function openMcp(options: OpenMcpOptions): Promise<OpenMcp> {
  const { config, environment, folder, gateway, log } = options;
  await using parts = new AsyncDisposableStack();
  const { home } = config;
  const project = folder === undefined ? undefined : await openProject(folder);
  const place = project && { root: project.root, home, environment };
  const questions = new HubQuestions();
  const pins = new ToolPins(mcpPinsPath(home));
  const scan = resultScan(config.guardrails);
  const guard = mcpGuard({ config, gateway, log, pins, hub: () => hub, ...(scan ? { scan } : {}) });
  const hub: Hub = parts.use(
    new Hub({
      servers: await hubServers(config.mcp, place),
      version,
      ...(project ? { project: project.root } : {}),
      home,
      environment,
      secrets: await createSecretStore({ home, environment }),
      guard,
      pins,
      questions: questions.questions,
      idleTimeoutMs: config.mcp.idleTimeoutMs,
    }),
  );
  let inForce = config;
  const served =
    project && config.assistant.enabled
      ? servedAssistant({
          assistant: options.assistant,
          project,
          guard,
          consents: consentQueue({ consents: gateway.consents }),
          config: () => inForce,
        })
      : undefined;
  const tools = project ? parts.use(openToolbox(options)).tools : [];
  const server = parts.use(
    mcpServer({
      config,
      log,
      guard,
      hub,
      questions,
      tools,
      ...(project ? { project } : {}),
      ...(served ? { assistant: served } : {}),
    }),
  );
  const owned = parts.move();
  return {
    server,
    hub,
    async configure(next) {
      inForce = next;
      guard.configure(mcpPolicy(next));
      await hub.configure(await hubServers(next.mcp, place));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
