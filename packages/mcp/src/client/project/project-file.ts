import { join } from 'node:path';
import { type McpServerConfig, readBoundedFile, Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { expandVariables } from './expand-variables.ts';

/** Where a project says which servers it works with: the file that Claude Code reads, too. */
export const projectFileName = '.mcp.json';

/** A larger file is not read, in bytes. */
export const maxProjectFileBytes = 256 * 1024;
/** Servers of one project. */
const maxProjectServers = 50;

/** One server as the file has it. What is not known to zeke is let be, but counts for consent. */
const entrySchema = z.looseObject({
  type: z.enum(['stdio', 'http', 'streamable-http', 'sse', 'ws', 'websocket']).optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
const fileSchema = z.looseObject({ mcpServers: z.record(z.string(), z.unknown()) });

type Entry = z.infer<typeof entrySchema>;

/** A server that a project asks for. */
export interface ProjectEntry {
  readonly name: string;
  /** The SHA-256 of what the file says of it, before variables: what somebody agrees to. */
  readonly hash: string;
  /** What the file says of it, with no variable in its place. */
  readonly shown: string;
  readonly server: McpServerConfig | { readonly fault: string };
}

/** The text of a project's file; undefined where there is none. Throws `failed_precondition`. */
export async function readProjectFile(root: string): Promise<string | undefined> {
  const path = join(root, projectFileName);
  try {
    return (await readBoundedFile(path, maxProjectFileBytes)).toString();
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    const message = `${path} cannot be read: ${(cause as Error).message}`;
    throw new RpcError('failed_precondition', message, { cause });
  }
}

/**
 * The servers of a project's file. A server that is written wrong has a fault and hinders no other. Throws
 * `failed_precondition` where the file as a whole is wrong.
 */
export function parseProjectFile(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): ProjectEntry[] {
  const file = fileSchema.safeParse(parsed(text));
  if (!file.success) throw wrong('it must be {"mcpServers": {…}}');
  const entries = Object.entries(file.data.mcpServers);
  if (entries.length > maxProjectServers) throw wrong(`more than ${maxProjectServers} servers`);
  return entries.map(([name, value]) => {
    const hash = new Bun.CryptoHasher('sha256').update(canonical([name, value])).digest('hex');
    const shown = JSON.stringify(value, null, 2);
    const entry = entrySchema.safeParse(value);
    if (!entry.success) return { name, hash, shown, server: { fault: faultOf(entry.error) } };
    return { name, hash, shown, server: serverOf(name, entry.data, environment) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('it is not valid JSON');
  }
}

function wrong(what: string): RpcError {
  return new RpcError('failed_precondition', `${projectFileName}: ${what}`);
}

function faultOf(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return `${projectFileName}: ${path}${issue?.message ?? 'it is no server'}`;
}

function serverOf(
  name: string,
  entry: Entry,
  environment: Readonly<Record<string, string | undefined>>,
): ProjectEntry['server'] {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    return { fault: 'a name is at most 64 letters, digits, ".", "_" and "-"' };
  }
  const missing = new Set<string>();
  const expand = (text: string) => {
    const expanded = expandVariables(text, environment);
    if (expanded.ok) return expanded.text;
    for (const each of expanded.missing) missing.add(each);
    return '';
  };
  const server = configOf(name, entry, expand);
  if (missing.size === 0) return server;
  return { fault: `environment variables that are not set: ${[...missing].join(', ')}` };
}

/** What the file cannot say is as it is for a server of `zeke.toml` that says nothing of it. */
const defaults = {
  enabled: true,
  protocol: 'auto',
  timeoutMs: 60_000,
  connectTimeoutMs: 30_000,
  maxResultBytes: 256 * 1024,
  denyTools: [],
  trust: false,
} as const;

function configOf(
  name: string,
  { args = [], command, env = {}, headers = {}, type, url }: Entry,
  expand: (text: string) => string,
): ProjectEntry['server'] {
  const secrets = (table: Readonly<Record<string, string>>, keyOf = (key: string) => key) =>
    Object.fromEntries(
      Object.entries(table).map(([key, value]) => [keyOf(key), new Secret(expand(value))]),
    );
  if (command !== undefined && url === undefined) {
    const program = { command: expand(command), args: args.map(expand), env: secrets(env) };
    return { ...defaults, name, transport: 'stdio', ...program };
  }
  if (url === undefined || command !== undefined) return { fault: 'it needs a command or a url' };
  const address = expand(url);
  const transport = transportOf(address, type);
  if (transport === undefined) return { fault: `${url}: it is no address for ${type ?? 'http'}` };
  return {
    ...defaults,
    name,
    transport,
    url: address,
    headers: secrets(headers, (key) => key.toLowerCase()),
    oauth: { grant: 'authorization_code' },
  };
}

function transportOf(url: string, type: Entry['type']) {
  if (!URL.canParse(url)) return undefined;
  const { protocol } = new URL(url);
  const isWebSocket = protocol === 'ws:' || protocol === 'wss:';
  if (!isWebSocket && protocol !== 'http:' && protocol !== 'https:') return undefined;
  if (
    isWebSocket !== (type === 'ws' || type === 'websocket' || (isWebSocket && type === undefined))
  ) {
    return undefined;
  }
  if (isWebSocket) return 'websocket';
  return type === 'sse' ? 'sse' : 'http';
}

/** The same for the same, in whatever order it is written. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
