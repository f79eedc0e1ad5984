import { type LocalMcp, type LocalMcpOptions, openLocalMcp } from '@zeke/daemon/mcp';
import type { McpFlags } from '../commands/mcp.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { ServerView } from '../mcp-view.ts';
import { printable } from '../output.ts';

/** The servers of this place, for one command. */
export async function openMcp(
  context: Context,
  flags: McpFlags,
  questions: LocalMcpOptions['questions'] = {},
): Promise<LocalMcp> {
  const { environment, cwd } = context;
  const { config } = await readConfig(loadOptions(context, flags));
  return openLocalMcp({ config, environment, cwd, questions });
}

/** Lists the servers, connected for a moment to see how they are. */
export async function listMcpServers(
  context: Context,
  flags: McpFlags & { readonly connect: boolean },
): Promise<void> {
  const { interrupts, output } = context;
  await using mcp = await openMcp(context, flags);
  if (flags.connect) await mcp.hub.loadTools(interrupts.signal);
  const servers = mcp.hub.servers();
  if (flags.json) return output.json({ servers });
  if (servers.length === 0) {
    return output.note('there is no MCP server yet: zeke mcp add <name> -- <command>');
  }
  const { dim } = output.styles;
  output.table(
    ['NAME', 'STATE', { title: 'TOOLS', align: 'right' }, 'FROM', { title: 'ADDRESS', style: dim }],
    servers.map((server) => [
      server.name,
      server.status,
      server.protocolVersion === undefined ? '-' : String(server.tools),
      server.source === 'config' ? 'zeke.toml' : '.mcp.json',
      server.address,
    ]),
  );
  for (const server of servers) tellReason(context, server);
}

/** Connects servers and counts what they have. */
export async function testMcpServers(
  context: Context,
  name: string | undefined,
  flags: McpFlags,
): Promise<ExitCode> {
  const { output } = context;
  await using mcp = await openMcp(context, flags);
  const names = name === undefined ? mcp.hub.servers().map((each) => each.name) : [name];
  const results = await Promise.all(names.map((each) => tested(context, mcp, each)));
  if (flags.json) output.json({ servers: results });
  else for (const result of results) tellResult(context, result);
  return results.every(({ status }) => status === 'ready') ? exitCodes.ok : exitCodes.failure;
}

type Tested = ServerView & {
  readonly resources?: number;
  readonly prompts?: number;
  /** What a program wrote while it failed. */
  readonly log?: string;
};

async function tested({ interrupts }: Context, mcp: LocalMcp, name: string): Promise<Tested> {
  const { signal } = interrupts;
  try {
    const view = await mcp.hub.connect(name, signal);
    const { prompts, resources, templates } = await mcp.hub.offers(name, { signal });
    return { ...view, resources: resources.length + templates.length, prompts: prompts.length };
  } catch (error) {
    signal.throwIfAborted();
    const view = mcp.hub.servers().find((each) => each.name === name);
    if (view === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { ...view, status: view.status === 'ready' ? 'failed' : view.status, reason };
  }
}

function tellResult(context: Context, server: Tested): void {
  const { output } = context;
  const { green, red, yellow } = output.styles;
  if (server.status !== 'ready') {
    output.line(`${red('✗')} ${server.name}: ${server.status}`);
    tellReason(context, server);
    return;
  }
  const counts = `${server.tools} tools, ${server.resources} resources, ${server.prompts} prompts`;
  const took = `ready in ${Math.round(server.connectMs ?? 0)} ms`;
  output.line(`${green('✓')} ${server.name}: ${took}, ${server.protocolVersion}, ${counts}`);
  for (const note of server.notes) output.note(`  ${yellow('left out:')} ${printable(note)}`);
}

function tellReason({ output }: Context, { name, reason, status }: ServerView): void {
  if (reason === undefined || status === 'disabled') return;
  output.note(`  ${output.noteStyles.yellow(`${name}:`)} ${printable(reason)}`);
}
