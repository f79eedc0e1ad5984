import type { Project, Tool } from '@zeke/assistant';
import type { Logger, McpPolicyConfig, ResolvedConfig } from '@zeke/foundation';
import type { Gateway } from '@zeke/gateway';
import {
  Guard,
  guarded,
  type Hub,
  type HubQuestions,
  mergeServed,
  type Scan,
  type Served,
  servedHub,
  type ToolPins,
  ZekeMcpServer,
} from '@zeke/mcp';
import { version } from '../version.ts';
import { assistantTools } from './assistant-tools.ts';
import { consentQueue } from './consent-queue.ts';
import { projectFiles } from './project-files.ts';
import { projectPrompts } from './project-prompts.ts';
import { projectResources } from './project-resources.ts';
import { keylessCallers, recordCalls } from './record-call.ts';

export interface GuardSources {
  readonly config: ResolvedConfig;
  readonly gateway: Gateway;
  readonly log: Logger;
  readonly pins: ToolPins;
  /** The hub whose calls it stands around, which is made with it. */
  readonly hub: () => Hub;
  readonly scan?: Scan;
}

/** The policy around all calls over MCP, with consent and audit where those of the gateway are. */
export function mcpGuard({ config, gateway, hub, log, pins, scan }: GuardSources): Guard {
  return new Guard({
    policy: mcpPolicy(config),
    consents: consentQueue({ consents: gateway.consents }),
    record: recordCalls(gateway.audit, log),
    ...(scan ? { scan } : {}),
    acceptChange: async ({ changed, name }) => {
      const tool = hub()
        .tools()
        .find((each) => each.name === name);
      if (tool && changed) await pins.accept(changed.server, tool.descriptor);
    },
  });
}

/**
 * The rules of the configuration, and after them one of our own: who sends no key is somebody on this
 * machine, and needs consent to what changes it. A rule for the caller `local` says otherwise.
 */
export function mcpPolicy({ mcp }: ResolvedConfig): McpPolicyConfig {
  return {
    ...mcp.policy,
    rules: [
      ...mcp.policy.rules,
      {
        name: 'keyless',
        effect: 'require_consent',
        direction: 'in',
        callers: [keylessCallers.local],
        scopes: ['fs.write', 'shell.execute', 'net', 'git'],
        consentFor: 'call',
        reason: 'the caller has sent no key',
      },
    ],
  };
}

export interface McpServerSources {
  readonly config: ResolvedConfig;
  readonly log: Logger;
  readonly guard: Guard;
  readonly hub: Hub;
  /** Those that the hub was made with. */
  readonly questions: HubQuestions;
  /** Where tools work; absent: only what belongs to no project is offered. */
  readonly project?: Project;
  /** The assistant's. */
  readonly tools: readonly Tool[];
  /** The assistant itself; judged as the rest. */
  readonly assistant?: Served;
}

/** Zeke as an MCP server: the assistant's tools in a project, and all servers of the hub behind it. */
export function mcpServer(sources: McpServerSources): ZekeMcpServer {
  const { assistant, config, hub, log, project, questions } = sources;
  const { serve } = config.mcp;
  const served = mergeServed([
    ...(project ? [ownServed(sources, project)] : []),
    ...(assistant ? [guarded(assistant, sources.guard, () => ['fs.read'])] : []),
    servedHub(hub, questions),
  ]);
  return new ZekeMcpServer({
    served,
    info: { name: 'zeke', title: 'zeke', version },
    instructions:
      'Tools of zeke in the project, and those of the MCP servers that it is connected to, whose names begin with the name of their server. A call may wait until a person has allowed it.',
    sessions: {
      maxSessions: serve.maxSessions,
      maxSessionsOfCaller: Math.max(1, Math.ceil(serve.maxSessions / 10)),
      idleMs: serve.sessionIdleMs,
    },
    admission: { maxCallsOfSession: serve.maxSessionCalls, maxCalls: maxCallsOfAll },
    allowedHosts: () => [...loopbackNames, ...serve.allowedHosts],
    onerror: (err) => log.info('a message over MCP was refused, or an answer not taken', { err }),
  });
}

/** Calls of all callers under way at once. */
const maxCallsOfAll = 1_000;
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

function ownServed({ guard, tools }: McpServerSources, project: Project): Served {
  const own = assistantTools(tools, project);
  const served: Served = {
    tools: own.tools,
    resources: projectResources(project, projectFiles),
    prompts: projectPrompts(),
  };
  return guarded(served, guard, own.scopesOf);
}
