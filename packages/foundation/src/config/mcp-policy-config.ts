/** What becomes of a call. `audit` only marks it: the next rule that fits decides. */
export const mcpEffects = ['allow', 'deny', 'require_consent', 'audit'] as const;

export type McpEffect = (typeof mcpEffects)[number];

/** What a call can touch. `unknown`: a tool of another server, which nobody has said anything of. */
export const mcpScopes = ['fs.read', 'fs.write', 'shell.execute', 'net', 'git', 'unknown'] as const;

export type McpScope = (typeof mcpScopes)[number];

/** Other names of scopes, as other programs have them. A shell can do what the last five say. */
export const mcpScopeAliases = {
  'network.http': 'net',
  'network.ws': 'net',
  'fs.execute': 'shell.execute',
  'process.spawn': 'shell.execute',
  'env.read': 'shell.execute',
  'env.write': 'shell.execute',
  'system.info': 'shell.execute',
} as const satisfies Record<string, McpScope>;

/** `in`: others call tools of zeke; `out`: zeke calls tools of other servers. */
export const mcpDirections = ['in', 'out', 'both'] as const;

/** How zeke itself is an MCP server. */
export interface McpServeConfig {
  /** Over HTTP and WebSocket, at `/mcp`. */
  readonly enabled: boolean;
  /** Absolute; absent: over HTTP no tool that works in a project is offered. */
  readonly project?: string;
  /** Ids of keys with `*` for any text, that may call beside the operator. */
  readonly callers: readonly string[];
  /** Names in `Host` and `Origin`, beside loopback's. */
  readonly allowedHosts: readonly string[];
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  /** Of one session, under way at once. */
  readonly maxSessionCalls: number;
}

/** What holds for calls over the Model Context Protocol, of either direction. */
export interface McpPolicyConfig {
  /** The first that fits decides. */
  readonly rules: readonly McpRuleConfig[];
  /** Where none does. */
  readonly otherwise: Exclude<McpEffect, 'audit'>;
  /** How long a call waits for consent. */
  readonly consentTimeoutMs: number;
  /** Of one result; what is longer is cut. */
  readonly maxResultBytes: number;
  /** Whether a tool of another server that describes itself differently than before needs consent. */
  readonly pinTools: boolean;
  /** Which calls are put on the audit log. */
  readonly audit: 'all' | 'marked';
}

/** One rule. What is absent says nothing; all that is there has to fit. `*` in a name is any text. */
export interface McpRuleConfig {
  readonly name: string;
  readonly effect: McpEffect;
  readonly direction: (typeof mcpDirections)[number];
  readonly tools?: readonly string[];
  readonly scopes?: readonly McpScope[];
  /** Ids of keys, or `local`. */
  readonly callers?: readonly string[];
  /** Paths in the arguments, with what some value there has to be. */
  readonly arguments?: readonly McpArgumentConfig[];
  /** Of calls that the rule allows: so many a minute of one caller to one tool; more are refused. */
  readonly callsPerMinute?: number;
  /** What one answer of a person is for: this very call, or the tool, whatever the arguments. */
  readonly consentFor: 'call' | 'tool';
  /** What callers are told. */
  readonly reason?: string;
}

export interface McpArgumentConfig {
  /** `$.path`, `$.files[*].name`. */
  readonly path: string;
  /** A name with `*` for any text, of the whole value; or a pattern of the kind that RE2 has, somewhere in it. */
  readonly value: { readonly type: 'glob' | 'pattern'; readonly text: string };
}
