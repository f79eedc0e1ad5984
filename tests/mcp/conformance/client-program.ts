/**
 * The client that the conformance suite drives, on zeke's own hub: `client-program.ts URL`, with the scenario
 * in `MCP_CONFORMANCE_SCENARIO`, the revision in `MCP_CONFORMANCE_PROTOCOL_VERSION`, and what the scenario
 * gives in `MCP_CONFORMANCE_CONTEXT`. Ends with 1 where a scenario cannot be gone through.
 */
import { type McpServerConfig, Secret } from '@zeke/foundation';
import { Hub, type SignIn } from '@zeke/mcp';
import { answeringDiscovery } from './answering-discovery.ts';

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly toolCalls?: readonly { name: string; arguments: Record<string, unknown> }[];
};
/** Their servers know no `server/discover`, by which the newer era begins. */
const withoutDiscovery = [
  'sep-2322-client-request-state',
  'http-standard-headers',
  'http-custom-headers',
  'http-invalid-tool-headers',
];
/** The suite's authorization servers send the browser back without asking anybody. */
const withoutPerson: SignIn = {
  redirectUrl: 'http://localhost:3000/callback',
  async answer(url) {
    const { headers } = await fetch(url, { redirect: 'manual' });
    const location = headers.get('location');
    if (location === null) throw new Error(`${url.origin} sends the browser nowhere`);
    return new URL(location).searchParams;
  },
};
const secrets = new Map<string, Secret>();
const server = 'conformance';
/** Of a machine that logs in as itself. */
const isMachine = scenario === 'auth/client-credentials-basic';
const hub = new Hub({
  servers: [{ config: serverConfig(process.argv[2] ?? ''), source: 'config' }],
  version: '1.0.0',
  home: import.meta.dir,
  environment: {},
  idleTimeoutMs: 0,
  secrets: {
    get: async (name) => secrets.get(name),
    delete: async (name) => secrets.delete(name),
    set: async (name, value) => {
      secrets.set(name, value);
      return { name, version: 1, createdAtMs: 0, updatedAtMs: 0 } as never;
    },
  },
  // What a person leaves empty is filled in with what the server's form says.
  questions: {
    answer: async () => ({
      action: 'accept',
      content: scenario.startsWith('sep-2322') ? { confirmed: true } : {},
    }),
  },
  ...(withoutDiscovery.includes(scenario) ? { fetch: answeringDiscovery } : {}),
});

let exitCode = 0;
try {
  await play();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  exitCode = 1;
}
await hub[Symbol.asyncDispose]();
process.exit(exitCode);

async function play(): Promise<void> {
  if (!scenario.startsWith('auth/') || isMachine) await hub.connect(server);
  else await hub.login(server, withoutPerson, AbortSignal.timeout(20_000));
  switch (scenario) {
    case 'tools_call':
      return call('add_numbers', { a: 5, b: 3 });
    case 'elicitation-sep1034-client-defaults':
      return call('test_client_elicitation_defaults');
    case 'sse-retry':
      return call('test_reconnection');
    case 'json-schema-2020-12-preservation':
      return echoSchema();
    case 'http-standard-headers':
      return useEverything();
    case 'http-custom-headers':
      for (const each of context.toolCalls ?? []) await call(each.name, each.arguments);
      return;
    case 'http-invalid-tool-headers':
      for (const { tool } of hub.tools()) await call(tool, { region: 'us-west1' }).catch(() => {});
      return;
    case 'sep-2322-client-request-state':
      for (const { tool } of hub.tools()) await call(tool).catch(() => {});
      return;
    default:
      if (scenario.startsWith('auth/') && !isMachine) await call('test-tool');
  }
}

async function call(name: string, args: Record<string, unknown> = {}): Promise<void> {
  const tool = hub.tools().find((each) => each.tool === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  await hub.callToolOf(tool, args);
}

async function echoSchema(): Promise<void> {
  const tool = hub.tools().find((each) => each.tool === 'json_schema_2020_12_tool');
  await call('json_schema_echo', { schema: tool?.descriptor.inputSchema });
}

async function useEverything(): Promise<void> {
  for (const { tool } of hub.tools()) await call(tool);
  const { prompts, resources } = await hub.offers(server);
  for (const { uri } of resources) await hub.readResource(server, uri);
  for (const { name } of prompts) await hub.getPrompt(server, name, {});
}

function serverConfig(url: string): McpServerConfig {
  return {
    name: server,
    transport: 'http',
    url,
    headers: {},
    oauth: {
      grant: isMachine ? 'client_credentials' : 'authorization_code',
      clientMetadataUrl: 'https://conformance-test.local/client-metadata.json',
      ...(context.client_id === undefined ? {} : { clientId: context.client_id }),
      ...(context.client_secret === undefined
        ? {}
        : { clientSecret: new Secret(context.client_secret) }),
    },
    enabled: true,
    protocol: revision === '2025-11-25' && !scenario.startsWith('auth/') ? 'sessions' : 'auto',
    timeoutMs: 20_000,
    connectTimeoutMs: 20_000,
    maxResultBytes: 1_000_000,
    denyTools: [],
    trust: false,
  };
}
