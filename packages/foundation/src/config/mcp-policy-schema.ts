import { z } from 'zod';
import { mcpDirections, mcpEffects, mcpScopeAliases, mcpScopes } from './mcp-policy-config.ts';
import { choice, flag, integer, list, map, positive, text } from './schema-fields.ts';

type Name = keyof typeof mcpScopeAliases | (typeof mcpScopes)[number];
const scopeNames = [...mcpScopes, ...Object.keys(mcpScopeAliases)] as [Name, ...Name[]];

/** The table of a rule. */
export const mcpRuleSchema = z.strictObject({
  effect: choice(mcpEffects).describe(
    'What becomes of calls that it fits; audit only puts them on the audit log',
  ),
  direction: choice(mcpDirections)
    .default('both')
    .describe("Calls of zeke's tools, calls that zeke makes, or both"),
  tools: list()
    .optional()
    .describe('Tools, with the name of their server before: read_file, github__*; else all'),
  scopes: z
    .array(choice(scopeNames), { error: `it must be a list of ${mcpScopes.join(', ')}` })
    .min(1, 'the list is empty')
    .optional()
    .describe('What the tool can touch, at least one of these; else all'),
  callers: list().optional().describe('Ids of keys, or local, * for any text; else all'),
  arguments: map(text())
    .optional()
    .describe('By path, as in "$.path" = "*.env": what an argument has to be, * for any text'),
  argument_patterns: map(text())
    .optional()
    .describe('By path: a regular expression of the kind that RE2 has, to be found in an argument'),
  calls_per_minute: integer(1, 1_000_000)
    .optional()
    .describe('Calls of one caller to one tool that it lets through; more are refused'),
  consent_for: choice(['call', 'tool'])
    .default('call')
    .describe('What an answer is for: this tool with these arguments, or with any'),
  reason: text().optional().describe('What callers are told'),
});

/** The section `[mcp.serve]`. */
export const mcpServeSchema = z.strictObject({
  enabled: flag().default(true).describe('Whether /mcp is served, over HTTP and WebSocket'),
  project: text()
    .optional()
    .describe('The folder that tools of /mcp work in; without it, they are not offered there'),
  callers: list()
    .optional()
    .describe('Ids of keys that may call /mcp beside the operator, * for any text'),
  allowed_hosts: list()
    .optional()
    .describe('Names by which /mcp may be called beside those of loopback, without ports'),
  max_sessions: integer(1, 100_000).default(1_000).describe('Open sessions of all callers'),
  session_idle_ms: integer(1_000, 86_400_000)
    .default(1_800_000)
    .describe('After which time without a request a session ends'),
  max_session_calls: integer(1, 10_000)
    .default(32)
    .describe('Calls of one session under way at once; more are refused'),
});

/** The section `[mcp.policy]`. */
export const mcpPolicySchema = z.strictObject({
  otherwise: choice(['allow', 'deny', 'require_consent'])
    .default('allow')
    .describe('What becomes of calls that no rule fits'),
  consent_timeout_ms: integer(1, 86_400_000)
    .default(300_000)
    .describe('How long a call waits for consent'),
  max_result_kb: positive(65_536)
    .default(1_024)
    .describe('The largest result of a call, in KiB; what is longer is cut'),
  pin_tools: flag()
    .default(true)
    .describe('Ask again when a tool of another server describes itself differently than before'),
  audit: choice(['all', 'marked'])
    .default('all')
    .describe('Calls on the audit log: all, or those that a rule marks, refuses or asks about'),
});
