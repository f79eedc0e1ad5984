import { userPath } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { defined } from './defined.ts';
import type { McpConfig, McpRemoteTransport, McpServerConfig } from './mcp-config.ts';
import { resolveMcpPolicy, resolveMcpServe } from './resolve-mcp-policy.ts';
import type { ValidConfig } from './schema.ts';

type ValidServer = ValidConfig['mcp']['servers'][string];
type Fault = (path: readonly string[], message: string) => void;

const bytesPerKilobyte = 1_024;

/** `[mcp]`. `fault` is told the path of what is wrong, and why. */
export function resolveMcp(mcp: ValidConfig['mcp'], folder: string, fault: Fault): McpConfig {
  const servers = new Map<string, McpServerConfig>();
  for (const [name, server] of Object.entries(mcp.servers)) {
    const resolved = resolveServer(name, server, folder, (key, message) =>
      fault(['mcp', 'servers', name, ...(key === undefined ? [] : [key])], message),
    );
    if (resolved !== undefined) servers.set(name, resolved);
  }
  return {
    servers,
    projectServers: mcp.project_servers,
    idleTimeoutMs: mcp.idle_timeout_ms,
    serve: resolveMcpServe(mcp, folder),
    policy: resolveMcpPolicy(mcp, fault),
  };
}

function resolveServer(
  name: string,
  server: ValidServer,
  folder: string,
  fault: (key: string | undefined, message: string) => void,
): McpServerConfig | undefined {
  const { command, url } = server;
  if (command !== undefined && url !== undefined) {
    fault('url', 'a server has a command or a url, not both');
    return undefined;
  }
  const base = baseOf(name, server);
  if (command !== undefined) {
    if (refused(server, remoteKeys, 'only a server with a url has it', fault)) return undefined;
    const cwd = server.cwd === undefined ? undefined : userPath(server.cwd, folder);
    const env = secrets(server.env, (key) => key);
    return defined({ ...base, transport: 'stdio' as const, command, args: server.args, env, cwd });
  }
  if (url === undefined) {
    fault(undefined, 'it needs a command to start, or a url to call');
    return undefined;
  }
  if (refused(server, localKeys, 'only a server with a command has it', fault)) return undefined;
  const isMachine = server.oauth_grant === 'client_credentials';
  if (
    isMachine &&
    (server.oauth_client_id === undefined || server.oauth_client_secret === undefined)
  ) {
    fault('oauth_grant', 'client_credentials needs oauth_client_id and oauth_client_secret');
    return undefined;
  }
  const transport = transportOf(url, server.transport);
  if (transport === undefined) {
    fault('transport', `${server.transport} does not go over ${new URL(url).protocol}//`);
    return undefined;
  }
  return {
    ...base,
    transport,
    url,
    headers: secrets(server.headers, (key) => key.toLowerCase()),
    oauth: oauthOf(server),
  };
}

const remoteKeys = [
  'transport',
  'headers',
  'oauth_client_id',
  'oauth_client_secret',
  'oauth_scopes',
  'oauth_client_metadata_url',
  'oauth_redirect_port',
] as const;
const localKeys = ['args', 'env', 'cwd'] as const;

function refused(
  server: ValidServer,
  keys: readonly (keyof ValidServer)[],
  why: string,
  fault: (key: string, message: string) => void,
): boolean {
  const found = keys.filter((key) => {
    const value = server[key];
    return typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined;
  });
  for (const key of found) fault(key, why);
  return found.length > 0;
}

function baseOf(name: string, server: ValidServer) {
  return defined({
    name,
    enabled: server.enabled,
    protocol: server.protocol,
    timeoutMs: server.timeout_ms,
    connectTimeoutMs: server.connect_timeout_ms,
    maxResultBytes: Math.floor(server.max_result_kb * bytesPerKilobyte),
    allowTools: server.allow_tools,
    denyTools: server.deny_tools ?? [],
    trust: server.trust,
  });
}

function transportOf(
  url: string,
  wanted: McpRemoteTransport | undefined,
): McpRemoteTransport | undefined {
  const overWebSocket = /^wss?:/i.test(url);
  if (wanted === undefined) return overWebSocket ? 'websocket' : 'http';
  return overWebSocket === (wanted === 'websocket') ? wanted : undefined;
}

function oauthOf(server: ValidServer) {
  const { oauth_client_secret: clientSecret } = server;
  return defined({
    grant: server.oauth_grant,
    clientId: server.oauth_client_id,
    clientSecret: clientSecret === undefined ? undefined : new Secret(clientSecret),
    scopes: server.oauth_scopes,
    clientMetadataUrl: server.oauth_client_metadata_url,
    redirectPort: server.oauth_redirect_port,
  });
}

function secrets(
  table: Readonly<Record<string, string>>,
  keyOf: (key: string) => string,
): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => [keyOf(key), new Secret(value)]),
  );
}
