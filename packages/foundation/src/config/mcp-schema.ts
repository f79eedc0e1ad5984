import { z } from 'zod';
import { mcpGrants, mcpProtocols, mcpRemoteTransports } from './mcp-config.ts';
import { mcpPolicySchema, mcpRuleSchema, mcpServeSchema } from './mcp-policy-schema.ts';
import {
  choice,
  flag,
  httpUrl,
  integer,
  list,
  map,
  milliseconds,
  positive,
  secret,
  text,
} from './schema-fields.ts';

/** The table of an MCP server: either `command`, or `url`. */
export const mcpServerSchema = z.strictObject({
  command: text().optional().describe('The program to start, found as a shell would find it'),
  args: z
    .array(z.string(), { error: 'it must be a list of texts' })
    .default([])
    .describe("The program's arguments"),
  env: map(secret())
    .default({})
    .describe("The program's environment, beside PATH, HOME and a few that every program needs"),
  cwd: text().optional().describe("Where the program runs; else in the project's folder"),
  url: z
    .url({
      protocol: /^(https?|wss?)$/,
      error: 'it is not an http://, https://, ws:// or wss:// address',
    })
    .optional()
    .describe('The address of a server, in place of command'),
  transport: choice(mcpRemoteTransports)
    .optional()
    .describe('How it is called; else websocket for ws:// and wss://, and http for others'),
  headers: map(secret()).default({}).describe('Headers to send with every request'),
  oauth_client_id: text()
    .optional()
    .describe('The client id, where zeke was registered by hand; else it registers itself'),
  oauth_client_secret: secret().optional().describe('What goes with oauth_client_id'),
  oauth_grant: choice(mcpGrants)
    .default('authorization_code')
    .describe(
      'client_credentials: zeke logs in as itself, by oauth_client_secret, with no browser',
    ),
  oauth_scopes: list()
    .optional()
    .describe('Scopes to ask for, beside those that the server says it needs'),
  oauth_client_metadata_url: httpUrl()
    .optional()
    .describe('Where a document about this client is published, which then is its client id'),
  oauth_redirect_port: integer(1, 65_535)
    .optional()
    .describe('The port on 127.0.0.1 that the browser comes back to; else any that is free'),
  protocol: choice(mcpProtocols)
    .default('auto')
    .describe('stateless: 2026-07-28 only; sessions: 2025-11-25 and older only; auto finds out'),
  timeout_ms: integer(1, 86_400_000)
    .default(60_000)
    .describe('How long a call may take; each progress that is told begins it anew'),
  connect_timeout_ms: integer(1, 86_400_000)
    .default(30_000)
    .describe('How long the program may take to start and to say what it can'),
  max_result_kb: positive(65_536)
    .default(256)
    .describe('The largest result, in KiB; what is longer is cut'),
  enabled: flag().default(true).describe('Whether it is used at all'),
  allow_tools: list().optional().describe('The tools to offer, * for any text; else all'),
  deny_tools: list().optional().describe('Tools not to offer, * for any text'),
  trust: flag()
    .default(false)
    .describe('Believe that its read-only tools only read, and take what it newly says of tools'),
});

/** The section `[mcp]`. */
export const mcpSchema = z.strictObject({
  project_servers: flag()
    .default(true)
    .describe("Whether servers of a project's .mcp.json can be used, after consent to each"),
  idle_timeout_ms: milliseconds()
    .default(600_000)
    .describe(
      'After which time without a call a connection is closed until it is needed; 0: never',
    ),
  servers: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
        error: 'a name is at most 64 letters, digits, ".", "_" and "-"',
      }),
      mcpServerSchema,
      { error: 'it must be a table of servers' },
    )
    .default({})
    .describe('Tables of MCP servers, by the names that their tools get'),
  serve: mcpServeSchema.prefault({}),
  policy: mcpPolicySchema.prefault({}),
  rules: z
    .record(z.string().min(1).max(64), mcpRuleSchema, { error: 'it must be a table of rules' })
    .default({})
    .describe('Rules about calls, by name; the first that fits decides'),
});
