import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where one run of an agent happens. */
interface AgentRun {
  /** Its home and the project it works in: empty folders of its own. */
  home: string;
  project: string;
  /** The gateway's address without a slash at the end, and a key. */
  url: string;
  apiKey: string;
  /** The model as the gateway is asked for it. */
  model: string;
  task: string;
  /** An MCP server that it is given, as `zeke`. */
  mcp?: McpEntry;
}

/** A program, or an address. */
export type McpEntry =
  | { readonly command: string; readonly args: string[]; readonly env: Record<string, string> }
  | { readonly url: string };

/** A coding agent: how it is pointed at the gateway and told to do one task without questions. */
export interface Agent {
  name: string;
  /** The dialect it speaks, as the ledger has it. */
  dialect: string;
  /** A model of its own vendor, of which it knows more than the name. */
  ownModel: string;
  /** It asks for a limit in `max_tokens`, which OpenAI's thinking models refuse. */
  sendsMaxTokens?: boolean;
  /** Writes its configuration and says how it is started; the environment holds nothing else. */
  prepare(run: AgentRun): Promise<{ command: string[]; env: Record<string, string> }>;
}

/** The agents that agents/package.json installs. */
export const agents: readonly Agent[] = [
  {
    name: 'claude',
    dialect: 'anthropic-messages',
    ownModel: 'claude-opus-5',
    prepare: async ({ home, url, apiKey, mcp, model, task }) => ({
      command: [
        'claude',
        '-p',
        task,
        '--dangerously-skip-permissions',
        ...(mcp ? ['--strict-mcp-config', '--mcp-config', await claudeMcp(home, mcp)] : []),
      ],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: apiKey,
        ANTHROPIC_MODEL: model,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // Its models are told of all tools at once, and not before servers are connected.
        ...(mcp ? { ENABLE_TOOL_SEARCH: 'false', MCP_CONNECTION_NONBLOCKING: 'false' } : {}),
        // Without it, it refuses to skip permissions as root.
        IS_SANDBOX: '1',
      },
    }),
  },
  {
    name: 'codex',
    dialect: 'openai-responses',
    ownModel: 'gpt-5.4',
    prepare: async ({ home, url, apiKey, mcp, model, task }) => {
      const config = {
        model,
        model_provider: 'zeke',
        'model_providers.zeke.name': 'zeke',
        'model_providers.zeke.base_url': `${url}/v1`,
        'model_providers.zeke.env_key': 'ZEKE_API_KEY',
        'model_providers.zeke.wire_api': 'responses',
        ...codexMcp(mcp),
      };
      const lines = Object.entries(config).map(
        ([key, value]) => `${key} = ${JSON.stringify(value)}`,
      );
      await put(join(home, '.codex', 'config.toml'), `${lines.join('\n')}\n`);
      const flags = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'];
      return { command: ['codex', 'exec', ...flags, task], env: { ZEKE_API_KEY: apiKey } };
    },
  },
  {
    name: 'opencode',
    dialect: 'openai-chat',
    ownModel: 'gpt-4.1',
    sendsMaxTokens: true,
    prepare: async ({ project, url, apiKey, mcp, model, task }) => {
      const provider = {
        npm: '@ai-sdk/openai-compatible',
        name: 'zeke',
        options: { baseURL: `${url}/v1`, apiKey: '{env:ZEKE_API_KEY}' },
        models: { [model]: { name: model } },
      };
      const config = {
        autoupdate: false,
        share: 'disabled',
        provider: { zeke: provider },
        ...(mcp ? { mcp: { zeke: opencodeMcp(mcp) } } : {}),
      };
      await put(join(project, 'opencode.json'), JSON.stringify(config));
      return {
        command: ['opencode', 'run', '-m', `zeke/${model}`, task],
        env: { ZEKE_API_KEY: apiKey, OPENCODE_DISABLE_MODELS_FETCH: '1' },
      };
    },
  },
  {
    name: 'gemini',
    dialect: 'gemini',
    ownModel: 'gemini-2.5-pro',
    prepare: async ({ home, url, apiKey, mcp, model, task }) => {
      const settings = {
        security: { auth: { selectedType: 'gemini-api-key' } },
        general: { enableAutoUpdate: false },
        privacy: { usageStatisticsEnabled: false },
        ...(mcp ? { mcpServers: { zeke: geminiMcp(mcp) } } : {}),
      };
      await put(join(home, '.gemini', 'settings.json'), JSON.stringify(settings));
      return {
        command: ['gemini', '-m', model, '-y', '--skip-trust', '-p', task],
        env: { GEMINI_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: url },
      };
    },
  },
];

async function claudeMcp(home: string, mcp: McpEntry): Promise<string> {
  const path = join(home, 'mcp.json');
  const zeke = 'url' in mcp ? { type: 'http', url: mcp.url } : { type: 'stdio', ...mcp };
  await put(path, JSON.stringify({ mcpServers: { zeke } }));
  return path;
}

function codexMcp(mcp: McpEntry | undefined): Record<string, unknown> {
  if (!mcp) return {};
  const required = { 'mcp_servers.zeke.required': true };
  if ('url' in mcp) return { ...required, 'mcp_servers.zeke.url': mcp.url };
  const env = Object.entries(mcp.env).map(([name, value]) => [
    `mcp_servers.zeke.env.${name}`,
    value,
  ]);
  return {
    ...required,
    'mcp_servers.zeke.command': mcp.command,
    'mcp_servers.zeke.args': mcp.args,
    ...Object.fromEntries(env),
  };
}

function opencodeMcp(mcp: McpEntry): object {
  if ('url' in mcp) return { type: 'remote', url: mcp.url, enabled: true };
  const { args, command, env } = mcp;
  return { type: 'local', command: [command, ...args], environment: env, enabled: true };
}

function geminiMcp(mcp: McpEntry): object {
  return 'url' in mcp ? { httpUrl: mcp.url, trust: true } : { ...mcp, trust: true };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}
