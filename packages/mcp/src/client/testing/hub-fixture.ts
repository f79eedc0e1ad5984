import { join } from 'node:path';
import { type McpServerConfig, Secret } from '@zeke/foundation';
import { Hub, type HubOptions } from '../hub.ts';
import type { HubServer } from '../hub-types.ts';

/** Secrets in memory. */
export function memorySecrets() {
  const secrets = new Map<string, Secret>();
  return {
    secrets,
    get: async (name: string) => secrets.get(name),
    set: async (name: string, value: Secret) => {
      secrets.set(name, value);
      return { name, version: 1, createdAt: 0, updatedAt: 0 } as never;
    },
    delete: async (name: string) => secrets.delete(name),
  };
}

/** What is alike in all servers of tests. */
const base = {
  enabled: true,
  protocol: 'auto',
  timeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  maxResultBytes: 10_000,
  denyTools: [],
  trust: false,
} as const;

/** A server that is a program of this folder. */
export function programServer(
  name: string,
  program: string,
  args: readonly string[] = [],
  more: Partial<McpServerConfig> = {},
): HubServer {
  const path = join(import.meta.dir, program);
  const config = {
    ...base,
    name,
    transport: 'stdio',
    command: process.execPath,
    args: [path, ...args],
    env: { GIVEN: new Secret('1') },
    ...more,
  } as McpServerConfig;
  return { config, source: 'config' };
}

/** A server with an address. */
export function remoteServer(
  name: string,
  transport: 'http' | 'sse' | 'websocket',
  url: string,
  more: Partial<McpServerConfig> = {},
): HubServer {
  const config = {
    ...base,
    name,
    transport,
    url,
    headers: {},
    oauth: { grant: 'authorization_code' },
    ...more,
  };
  return { config: config as McpServerConfig, source: 'config' };
}

/** A hub over servers, for tests. */
export function testHub(servers: readonly HubServer[], more: Partial<HubOptions> = {}): Hub {
  return new Hub({
    servers,
    version: '0.0.0',
    home: import.meta.dir,
    environment: { PATH: process.env.PATH, HOME: process.env.HOME, SECRET_OF_OURS: 'x' },
    secrets: memorySecrets(),
    idleTimeoutMs: 0,
    ...more,
  });
}

/** The texts of a result, joined. */
export function textOf(result: { content: readonly { type: string }[] }): string {
  return result.content.map((each) => ('text' in each ? each.text : `[${each.type}]`)).join('\n');
}
