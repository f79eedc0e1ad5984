import type { Secret } from '../secrets/secret.ts';
import type { McpPolicyConfig, McpServeConfig } from './mcp-policy-config.ts';

/** Which eras of the Model Context Protocol a server is taken to speak. */
export const mcpProtocols = ['auto', 'stateless', 'sessions'] as const;

type McpProtocol = (typeof mcpProtocols)[number];

/** How servers with an address are reached. */
export const mcpRemoteTransports = ['http', 'sse', 'websocket'] as const;

export type McpRemoteTransport = (typeof mcpRemoteTransports)[number];

/** Servers of the Model Context Protocol, and what holds for all of them. */
export interface McpConfig {
  /** By name, in the file's order. */
  readonly servers: ReadonlyMap<string, McpServerConfig>;
  /** Whether the servers of a project's `.mcp.json` are offered to people for consent. */
  readonly projectServers: boolean;
  /** After which time without a call a connection is closed; it is opened again on need. 0: never. */
  readonly idleTimeoutMs: number;
  readonly serve: McpServeConfig;
  readonly policy: McpPolicyConfig;
}

/** A program that is started, or an address that is called. */
export type McpServerConfig = McpLocalServerConfig | McpRemoteServerConfig;

/** What every server's table may hold. */
interface McpServerConfigBase {
  readonly name: string;
  /** False: it is listed and never connected. */
  readonly enabled: boolean;
  readonly protocol: McpProtocol;
  /** Of one call, from its first byte to its answer; each progress it tells begins it anew. */
  readonly timeoutMs: number;
  /** From the start of the program to the end of the handshake. */
  readonly connectTimeoutMs: number;
  /** Of one result; what is longer is cut, and said to be. */
  readonly maxResultBytes: number;
  /** Names with `*` for any text; only these tools are offered. Absent: all. */
  readonly allowTools?: readonly string[];
  /** Names with `*` for any text; these are not, whatever `allowTools` says. */
  readonly denyTools: readonly string[];
  /** Its word counts: that a tool only reads, and what it newly says of its tools. */
  readonly trust: boolean;
}

/** A program of this machine, spoken with over its standard input and output. */
export interface McpLocalServerConfig extends McpServerConfigBase {
  readonly transport: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the few variables that every program needs. */
  readonly env: Readonly<Record<string, Secret>>;
  /** Absolute; absent: the project's root. */
  readonly cwd?: string;
}

/** A server behind an address. */
export interface McpRemoteServerConfig extends McpServerConfigBase {
  readonly transport: McpRemoteTransport;
  readonly url: string;
  /** Sent with every request; names are lower case. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly oauth: McpOauthConfig;
}

/** Who logs in: a person at a browser, or zeke as itself. */
export const mcpGrants = ['authorization_code', 'client_credentials'] as const;

/** How zeke introduces itself where a server asks for a login. */
export interface McpOauthConfig {
  readonly grant: (typeof mcpGrants)[number];
  /** Of a registration that was made by hand. */
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  /** Asked for beside what the server says that it needs. */
  readonly scopes?: readonly string[];
  /** Where a document about this client is published, which then is its id. */
  readonly clientMetadataUrl?: string;
  /** Of the address on loopback that the browser comes back to; absent: any that is free. */
  readonly redirectPort?: number;
}
